#define _GNU_SOURCE
#include "CSystem.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <wchar.h>

int csystem_ofd_test_write_lock(int fd, off_t start, off_t length)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);  /* l_pid must be 0 for open file description locks */
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    if (fcntl(fd, F_OFD_GETLK, &lock) == -1) {
        return -1;
    }
    return lock.l_type != F_UNLCK;
}

int csystem_ofd_take_write_lock(int fd)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return fcntl(fd, F_OFD_SETLK, &lock);
}

off_t csystem_seek_data(int fd, off_t offset) { return lseek(fd, offset, SEEK_DATA); }

off_t csystem_seek_hole(int fd, off_t offset) { return lseek(fd, offset, SEEK_HOLE); }

int csystem_o_noatime(void) { return O_NOATIME; }

int csystem_openat(int directory, const char *name, int flags) { return openat(directory, name, flags); }

long csystem_file_system_type(int fd)
{
    struct statfs status;
    return fstatfs(fd, &status) == -1 ? -1 : (long)status.f_type;
}

int csystem_wcwidth(unsigned int character) { return wcwidth((wchar_t)character); }
