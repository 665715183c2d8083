#ifndef FAULTSHIM_H
#define FAULTSHIM_H

/* A library for LD_PRELOAD that makes chosen calls of a program fail, end short, kill it or wait. The environment says
   which; see FaultShim.c. Nothing is to be called. */

#endif
