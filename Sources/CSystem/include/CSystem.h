#ifndef CSYSTEM_H
#define CSYSTEM_H

/* The Linux system calls and constants that Swift's Glibc module lacks. Each function returns what the call
   returns and leaves the reason in errno. */

#include <sys/stat.h>
#include <sys/types.h>

/* fcntl(F_OFD_GETLK) for a write lock over [start, start + length): tests without taking it. 1 if somebody holds a
   conflicting lock, 0 if nobody does. */
int csystem_ofd_test_write_lock(int fd, off_t start, off_t length);

/* fcntl(F_OFD_SETLK): takes a write lock over the whole file without waiting. */
int csystem_ofd_take_write_lock(int fd);

/* fcntl(F_OFD_SETLK): takes a read lock over [start, start + length) without waiting. */
int csystem_ofd_take_read_lock(int fd, off_t start, off_t length);

/* fcntl(F_SETLEASE): takes a write lease and gives it up at once. Fails with EAGAIN if anybody else has the file open.
   Changes the signal of fd (F_SETSIG), so that no SIGIO is sent. */
int csystem_test_lease(int fd);

/* fallocate(2): allocates disk space for a range, and extends the file to its end. Unlike posix_fallocate(3), it is
   not emulated. */
int csystem_allocate(int fd, off_t offset, off_t length);

/* fallocate(2): gives back the whole blocks of a range, which then reads as zeros. The file keeps its length. */
int csystem_punch_hole(int fd, off_t offset, off_t length);

/* lseek(SEEK_DATA) and lseek(SEEK_HOLE). */
off_t csystem_seek_data(int fd, off_t offset);
off_t csystem_seek_hole(int fd, off_t offset);

/* preadv2(2) of one byte with RWF_NOWAIT: 0 if reading at an offset would wait for a device, 1 if not or not known. */
int csystem_is_cached(int fd, off_t offset);

/* O_NOATIME of open(2). */
int csystem_o_noatime(void);

/* O_PATH of open(2). */
int csystem_o_path(void);

/* openat(2) without its variadic mode. */
int csystem_openat(int directory, const char *name, int flags);

/* openat(2) of a file that must not exist yet: O_CREAT and O_EXCL are added to the flags. */
int csystem_create(int directory, const char *name, int flags, mode_t mode);

/* f_type of fstatfs(2), -1 on error. */
long csystem_file_system_type(int fd);

/* The mount that fd is on, as statmount(2) describes it. */
struct csystem_mount {
    /* The number that no other mount gets until the next start of the system. */
    unsigned long long id;
    /* In the caller's buffer; NULL where the kernel does not tell. */
    const char *type, *subtype, *point, *options;
};

/* statx(2) and statmount(2), which also know a mount that is outside the root directory. -1 on error: ENOSYS before
   Linux 6.8, EPERM for a user other than root if the mount is outside. The buffer is aligned to 8 bytes. */
int csystem_mount_of(int fd, void *buffer, size_t size, struct csystem_mount *mount);

/* The status of a name in a directory, of a symbolic link itself, or of `directory` if the name is empty, in one call:
   statx(2). Of `status` only device, inode, mode, links, size, blocks, and the times of the last changes are set. `birth`
   is when the file was created, in nanoseconds since 1970; 0 if the file system does not say. */
int csystem_status(int directory, const char *name, struct stat *status, long long *birth);

/* getdents64(2): the next entries of a directory, each a `struct dirent`. The bytes filled, 0 at the end. */
ssize_t csystem_read_directory(int fd, void *buffer, size_t size);

/* setpriority(2) of the calling thread and those that it starts from then on: 0 to 19 (last). Gives up the right to raise
   it again, since libdispatch sets a priority of its own in each of its threads. */
int csystem_set_nice(int nice);

/* Classes of ioprio_set(2). */
enum { csystem_io_best_effort = 2, csystem_io_idle = 3 };

/* ioprio_set(2) of the calling thread and those that it starts from then on. The level is 0 (first) to 7 (last). */
int csystem_set_io_priority(int io_class, int level);

/* Starts this many threads at once and ends them: 0, or the error with which pthread_create(3) refused one. */
int csystem_test_threads(int count);

/* wcwidth(3). */
int csystem_wcwidth(unsigned int character);

/* ioctl(TIOCGWINSZ): characters in a line of a terminal; 0 if it is not known, -1 if fd is not a terminal. */
int csystem_terminal_columns(int fd);

/* Fetches the cache line at an address that is about to be written. Never faults. */
static inline void csystem_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }

#endif
