/* Faults in the calls of a program, by LD_PRELOAD.

   QEDSCAN_FAULT_CALL   which call: a name of `calls` below
   QEDSCAN_FAULT_AT     its n-th call, from 1, over all threads
   QEDSCAN_FAULT_FOREVER  if set, every call from then on
   QEDSCAN_FAULT_DO     a number: fails with that errno; `short`: does half; `kill`: SIGKILL; `pause`: waits at a gate
   QEDSCAN_FAULT_UNDER  only calls count whose path, or whose descriptor's, begins so
   QEDSCAN_FAULT_GATE   `pause` makes GATE.N.reached before call N and waits, two minutes at most, for GATE.N.open
   QEDSCAN_FAULT_LOG    a file to which is added what fired, and at the end how often each call was made
   QEDSCAN_FAULT_CLOCK  seconds by which the clock is wrong, from the QEDSCAN_FAULT_CLOCK_AT-th look at it */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#undef _FILE_OFFSET_BITS

#include "FaultShim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define CALLS(X) \
    X(open) X(openat) X(close) X(read) X(pread) X(preadv2) X(write) X(pwrite) X(fstat) X(stat) X(lstat) X(fstatat) \
    X(statx) X(fstatfs) X(lseek) X(getdents) X(fcntl) X(realpath) X(readlink) X(fsync) X(fdatasync) X(ftruncate) \
    X(fallocate) X(rename) X(link) X(unlink) X(unlinkat) X(mkdir) X(fchmod) X(mmap) X(posix_fadvise) X(access) \
    X(pthread_create) X(gethostname) X(usleep)

#define NUMBER(name) call_##name,
enum call { CALLS(NUMBER) call_count };
#define NAME(name) #name,
static const char *const calls[] = { CALLS(NAME) };

enum action { act_nothing, act_fail, act_shorten, act_kill, act_pause };

static atomic_long made[call_count];
static atomic_long looks_at_clock;
static int chosen = -1;
static long chosen_number;
static int for_ever;
static enum action action;
static int chosen_errno;
static const char *under, *gate, *log_path;
static long clock_shift, clock_from;

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static void log_line(const char *text)
{
    if (!log_path) {
        return;
    }
    int fd = REAL(int, "open", const char *, int, ...)(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0) {
        if (REAL(ssize_t, "write", int, const void *, size_t)(fd, text, strlen(text)) < 0) {
            abort();
        }
        REAL(int, "close", int)(fd);
    }
}

static void read_environment(void)
{
    const char *name = getenv("QEDSCAN_FAULT_CALL");
    for (int number = 0; name && number < call_count; number++) {
        if (strcmp(name, calls[number]) == 0) {
            chosen = number;
        }
    }
    const char *at = getenv("QEDSCAN_FAULT_AT"), *what = getenv("QEDSCAN_FAULT_DO");
    const char *shift = getenv("QEDSCAN_FAULT_CLOCK"), *from = getenv("QEDSCAN_FAULT_CLOCK_AT");
    chosen_number = at ? atol(at) : 0;
    for_ever = getenv("QEDSCAN_FAULT_FOREVER") != NULL;
    under = getenv("QEDSCAN_FAULT_UNDER");
    gate = getenv("QEDSCAN_FAULT_GATE");
    log_path = getenv("QEDSCAN_FAULT_LOG");
    clock_shift = shift ? atol(shift) : 0;
    clock_from = from ? atol(from) : 1;
    if (what) {
        chosen_errno = atoi(what);
        action = chosen_errno ? act_fail : strcmp(what, "short") == 0 ? act_shorten
            : strcmp(what, "kill") == 0 ? act_kill : strcmp(what, "pause") == 0 ? act_pause : act_nothing;
    }
}

static void begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_environment);
}

__attribute__((destructor)) static void report(void)
{
    begin();
    for (int number = 0; number < call_count; number++) {
        char line[100];
        snprintf(line, sizeof line, "made %s %ld\n", calls[number], atomic_load(&made[number]));
        log_line(line);
    }
}

/* The path of a name in a directory, or of a descriptor if there is no name; "" if there is none. */
static void find_path(int directory, const char *name, char *path, size_t size)
{
    path[0] = 0;
    size_t length = 0;
    if (!name || name[0] != '/') {
        char link[64];
        snprintf(link, sizeof link, directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", directory);
        ssize_t count = REAL(ssize_t, "readlink", const char *, char *, size_t)(link, path, size - 1);
        length = count > 0 ? (size_t)count : 0;
        path[length] = 0;
        if (length == 0) {
            return;
        }
    }
    if (name && name[0]) {
        snprintf(path + length, size - length, "%s%s", name[0] == '/' ? "" : "/", name);
    }
}

static void wait_at_gate(long number)
{
    char path[4200];
    snprintf(path, sizeof path, "%s.%ld.reached", gate, number);
    int fd = REAL(int, "open", const char *, int, ...)(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    REAL(int, "close", int)(fd);
    snprintf(path, sizeof path, "%s.%ld.open", gate, number);
    for (int round = 0; round < 24000; round++) {
        if (REAL(int, "access", const char *, int)(path, F_OK) == 0) {
            return;
        }
        REAL(int, "usleep", useconds_t)(5000);
    }
    log_line("the gate stayed closed\n");
}

/* What is to happen to this call. */
static enum action decide(enum call call, int directory, const char *name)
{
    int before = errno;
    begin();
    char path[4200] = "";
    if (under) {
        find_path(directory, name, path, sizeof path);
        errno = before;
        if (strncmp(path, under, strlen(under)) != 0) {
            return act_nothing;
        }
    }
    long number = atomic_fetch_add(&made[call], 1) + 1;
    if ((int)call != chosen || number < chosen_number || (number > chosen_number && !for_ever)) {
        return act_nothing;
    }
    if (number == chosen_number) {
        char line[4300];
        snprintf(line, sizeof line, "fired %s %ld %s\n", calls[call], number, path);
        log_line(line);
    }
    if (action == act_kill) {
        kill(getpid(), SIGKILL);
    }
    if (action == act_pause && gate) {
        wait_at_gate(number);
    }
    errno = action == act_fail ? chosen_errno : before;
    return action;
}

#define FAIL_OR_GO(call, directory, name) \
    enum action decided = decide(call_##call, directory, name); \
    if (decided == act_fail) { \
        return -1; \
    }
/* At least a byte, since none means the end of a file. */
#define HALF(count) (decided == act_shorten && (count) > 1 ? (count) / 2 : (count))

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

#define DEFINE_OPEN(function) \
    int function(const char *name, int flags, ...) \
    { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = mode_of(flags, rest); \
        va_end(rest); \
        FAIL_OR_GO(open, AT_FDCWD, name) \
        return REAL(int, #function, const char *, int, ...)(name, flags, mode); \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(function) \
    int function(int directory, const char *name, int flags, ...) \
    { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = mode_of(flags, rest); \
        va_end(rest); \
        FAIL_OR_GO(openat, directory, name) \
        return REAL(int, #function, int, const char *, int, ...)(directory, name, flags, mode); \
    }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int close(int fd)
{
    enum action decided = decide(call_close, fd, NULL);
    int code = errno;
    int result = REAL(int, "close", int)(fd);  /* Linux closes it whatever it says */
    if (decided == act_fail) {
        errno = code;
        return -1;
    }
    return result;
}

ssize_t read(int fd, void *buffer, size_t count)
{
    FAIL_OR_GO(read, fd, NULL)
    return REAL(ssize_t, "read", int, void *, size_t)(fd, buffer, HALF(count));
}

ssize_t write(int fd, const void *buffer, size_t count)
{
    FAIL_OR_GO(write, fd, NULL)
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, buffer, HALF(count));
}

#define DEFINE_PREAD(function, offset_type) \
    ssize_t function(int fd, void *buffer, size_t count, offset_type offset) \
    { \
        FAIL_OR_GO(pread, fd, NULL) \
        return REAL(ssize_t, #function, int, void *, size_t, offset_type)(fd, buffer, HALF(count), offset); \
    }
DEFINE_PREAD(pread, off_t)
DEFINE_PREAD(pread64, off64_t)

#define DEFINE_PWRITE(function, offset_type) \
    ssize_t function(int fd, const void *buffer, size_t count, offset_type offset) \
    { \
        FAIL_OR_GO(pwrite, fd, NULL) \
        return REAL(ssize_t, #function, int, const void *, size_t, offset_type)(fd, buffer, HALF(count), offset); \
    }
DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

#define DEFINE_PREADV2(function, offset_type) \
    ssize_t function(int fd, const struct iovec *parts, int count, offset_type offset, int flags) \
    { \
        FAIL_OR_GO(preadv2, fd, NULL) \
        return REAL(ssize_t, #function, int, const struct iovec *, int, offset_type, int)( \
            fd, parts, count, offset, flags); \
    }
DEFINE_PREADV2(preadv2, off_t)
DEFINE_PREADV2(preadv64v2, off64_t)

#define DEFINE_FSTAT(function, type) \
    int function(int fd, struct type *status) \
    { \
        FAIL_OR_GO(fstat, fd, NULL) \
        return REAL(int, #function, int, struct type *)(fd, status); \
    }
DEFINE_FSTAT(fstat, stat)
DEFINE_FSTAT(fstat64, stat64)

#define DEFINE_STAT(call, function, type) \
    int function(const char *name, struct type *status) \
    { \
        FAIL_OR_GO(call, AT_FDCWD, name) \
        return REAL(int, #function, const char *, struct type *)(name, status); \
    }
DEFINE_STAT(stat, stat, stat)
DEFINE_STAT(stat, stat64, stat64)
DEFINE_STAT(lstat, lstat, stat)
DEFINE_STAT(lstat, lstat64, stat64)

#define DEFINE_FSTATAT(function, type) \
    int function(int directory, const char *name, struct type *status, int flags) \
    { \
        FAIL_OR_GO(fstatat, directory, name) \
        return REAL(int, #function, int, const char *, struct type *, int)(directory, name, status, flags); \
    }
DEFINE_FSTATAT(fstatat, stat)
DEFINE_FSTATAT(fstatat64, stat64)

int statx(int directory, const char *name, int flags, unsigned int mask, struct statx *status)
{
    FAIL_OR_GO(statx, directory, name)
    return REAL(int, "statx", int, const char *, int, unsigned int, struct statx *)(
        directory, name, flags, mask, status);
}

#define DEFINE_FSTATFS(function, type) \
    int function(int fd, struct type *status) \
    { \
        FAIL_OR_GO(fstatfs, fd, NULL) \
        return REAL(int, #function, int, struct type *)(fd, status); \
    }
DEFINE_FSTATFS(fstatfs, statfs)
DEFINE_FSTATFS(fstatfs64, statfs64)

#define DEFINE_LSEEK(function, offset_type) \
    offset_type function(int fd, offset_type offset, int whence) \
    { \
        FAIL_OR_GO(lseek, fd, NULL) \
        return REAL(offset_type, #function, int, offset_type, int)(fd, offset, whence); \
    }
DEFINE_LSEEK(lseek, off_t)
DEFINE_LSEEK(lseek64, off64_t)

long syscall(long number, ...)
{
    va_list rest;
    va_start(rest, number);
    long a[6];
    for (int index = 0; index < 6; index++) {
        a[index] = va_arg(rest, long);
    }
    va_end(rest);
    if (number == SYS_getdents64) {
        FAIL_OR_GO(getdents, (int)a[0], NULL)
    }
    return REAL(long, "syscall", long, ...)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#define DEFINE_FCNTL(function) \
    int function(int fd, int command, ...) \
    { \
        va_list rest; \
        va_start(rest, command); \
        void *value = va_arg(rest, void *); \
        va_end(rest); \
        FAIL_OR_GO(fcntl, fd, NULL) \
        return REAL(int, #function, int, int, ...)(fd, command, value); \
    }
DEFINE_FCNTL(fcntl)
DEFINE_FCNTL(fcntl64)

char *realpath(const char *name, char *resolved)
{
    if (decide(call_realpath, AT_FDCWD, name) == act_fail) {
        return NULL;
    }
    return REAL(char *, "realpath", const char *, char *)(name, resolved);
}

ssize_t readlink(const char *name, char *buffer, size_t size)
{
    FAIL_OR_GO(readlink, AT_FDCWD, name)
    return REAL(ssize_t, "readlink", const char *, char *, size_t)(name, buffer, size);
}

#define DEFINE_SYNC(call) \
    int call(int fd) \
    { \
        FAIL_OR_GO(call, fd, NULL) \
        return REAL(int, #call, int)(fd); \
    }
DEFINE_SYNC(fsync)
DEFINE_SYNC(fdatasync)

#define DEFINE_FTRUNCATE(function, offset_type) \
    int function(int fd, offset_type length) \
    { \
        FAIL_OR_GO(ftruncate, fd, NULL) \
        return REAL(int, #function, int, offset_type)(fd, length); \
    }
DEFINE_FTRUNCATE(ftruncate, off_t)
DEFINE_FTRUNCATE(ftruncate64, off64_t)

#define DEFINE_FALLOCATE(function, offset_type) \
    int function(int fd, int mode, offset_type offset, offset_type length) \
    { \
        FAIL_OR_GO(fallocate, fd, NULL) \
        return REAL(int, #function, int, int, offset_type, offset_type)(fd, mode, offset, length); \
    }
DEFINE_FALLOCATE(fallocate, off_t)
DEFINE_FALLOCATE(fallocate64, off64_t)

#define DEFINE_PAIR(call) \
    int call(const char *from, const char *to) \
    { \
        FAIL_OR_GO(call, AT_FDCWD, to) \
        return REAL(int, #call, const char *, const char *)(from, to); \
    }
DEFINE_PAIR(rename)
DEFINE_PAIR(link)

int unlink(const char *name)
{
    FAIL_OR_GO(unlink, AT_FDCWD, name)
    return REAL(int, "unlink", const char *)(name);
}

int unlinkat(int directory, const char *name, int flags)
{
    FAIL_OR_GO(unlinkat, directory, name)
    return REAL(int, "unlinkat", int, const char *, int)(directory, name, flags);
}

int mkdir(const char *name, mode_t mode)
{
    FAIL_OR_GO(mkdir, AT_FDCWD, name)
    return REAL(int, "mkdir", const char *, mode_t)(name, mode);
}

int access(const char *name, int mode)
{
    FAIL_OR_GO(access, AT_FDCWD, name)
    return REAL(int, "access", const char *, int)(name, mode);
}

int fchmod(int fd, mode_t mode)
{
    FAIL_OR_GO(fchmod, fd, NULL)
    return REAL(int, "fchmod", int, mode_t)(fd, mode);
}

#define DEFINE_MMAP(function, offset_type) \
    void *function(void *address, size_t length, int protection, int flags, int fd, offset_type offset) \
    { \
        if (decide(call_mmap, fd, NULL) == act_fail) { \
            return MAP_FAILED; \
        } \
        return REAL(void *, #function, void *, size_t, int, int, int, offset_type)( \
            address, length, protection, flags, fd, offset); \
    }
DEFINE_MMAP(mmap, off_t)
DEFINE_MMAP(mmap64, off64_t)

#define DEFINE_FADVISE(function, offset_type) \
    int function(int fd, offset_type offset, offset_type length, int advice) \
    { \
        if (decide(call_posix_fadvise, fd, NULL) == act_fail) { \
            return chosen_errno; \
        } \
        return REAL(int, #function, int, offset_type, offset_type, int)(fd, offset, length, advice); \
    }
DEFINE_FADVISE(posix_fadvise, off_t)
DEFINE_FADVISE(posix_fadvise64, off64_t)

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *value)
{
    if (decide(call_pthread_create, -1, NULL) == act_fail) {
        return chosen_errno;
    }
    return REAL(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)(
        thread, attributes, body, value);
}

int gethostname(char *name, size_t size)
{
    FAIL_OR_GO(gethostname, -1, NULL)
    return REAL(int, "gethostname", char *, size_t)(name, size);
}

/* SQLite calls it only while it waits for a lock. */
int usleep(useconds_t time)
{
    FAIL_OR_GO(usleep, -1, NULL)
    return REAL(int, "usleep", useconds_t)(time);
}

/* The clock. */

static long shift(void)
{
    begin();
    return clock_shift && atomic_fetch_add(&looks_at_clock, 1) + 1 >= clock_from ? clock_shift : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = REAL(int, "clock_gettime", clockid_t, struct timespec *)(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += shift();
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int result = REAL(int, "gettimeofday", struct timeval *, void *)(now, zone);
    if (result == 0) {
        now->tv_sec += shift();
    }
    return result;
}

time_t time(time_t *result)
{
    time_t now = REAL(time_t, "time", time_t *)(NULL) + shift();
    if (result) {
        *result = now;
    }
    return now;
}
