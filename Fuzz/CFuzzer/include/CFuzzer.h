#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

typedef void (*CFuzzerTarget)(const uint8_t *bytes, size_t count);

/* Has libFuzzer, which comes with the toolchain, call the target with one input after the other, as the arguments say.
   Returns the exit status. See https://llvm.org/docs/LibFuzzer.html. */
int cfuzzer_run(int argc, char **argv, CFuzzerTarget target);

#endif
