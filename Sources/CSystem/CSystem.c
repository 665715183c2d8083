#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <wchar.h>

static struct flock lock_of(short type, off_t start, off_t length)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);  /* l_pid must be 0 for open file description locks */
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

int csystem_ofd_test_write_lock(int fd, off_t start, off_t length)
{
    struct flock lock = lock_of(F_WRLCK, start, length);
    if (fcntl(fd, F_OFD_GETLK, &lock) == -1) {
        return -1;
    }
    return lock.l_type != F_UNLCK;
}

int csystem_ofd_take_write_lock(int fd)
{
    struct flock lock = lock_of(F_WRLCK, 0, 0);
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int csystem_ofd_take_read_lock(int fd, off_t start, off_t length)
{
    struct flock lock = lock_of(F_RDLCK, start, length);
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int csystem_test_lease(int fd)
{
    /* If anybody opens the file while the lease lasts, the kernel sends us a signal. The default, SIGIO, would end the
       process; SIGURG is ignored by default. */
    if (fcntl(fd, F_SETSIG, SIGURG) == -1 || fcntl(fd, F_SETLEASE, F_WRLCK) == -1) {
        return -1;
    }
    return fcntl(fd, F_SETLEASE, F_UNLCK);
}

int csystem_allocate(int fd, off_t offset, off_t length) { return fallocate(fd, 0, offset, length); }

int csystem_punch_hole(int fd, off_t offset, off_t length)
{
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

off_t csystem_seek_data(int fd, off_t offset) { return lseek(fd, offset, SEEK_DATA); }

off_t csystem_seek_hole(int fd, off_t offset) { return lseek(fd, offset, SEEK_HOLE); }

int csystem_is_cached(int fd, off_t offset)
{
    char byte;
    struct iovec one = {&byte, 1};
    return preadv2(fd, &one, 1, offset, RWF_NOWAIT) != -1 || errno != EAGAIN;
}

int csystem_o_noatime(void) { return O_NOATIME; }

int csystem_o_path(void) { return O_PATH; }

int csystem_openat(int directory, const char *name, int flags) { return openat(directory, name, flags); }

int csystem_create(int directory, const char *name, int flags, mode_t mode)
{
    return openat(directory, name, flags | O_CREAT | O_EXCL, mode);
}

long csystem_file_system_type(int fd)
{
    struct statfs status;
    return fstatfs(fd, &status) == -1 ? -1 : (long)status.f_type;
}

/* <linux/mount.h> has these from Linux 6.8 on, and <linux/stat.h> the flag. */
enum { sys_statmount = 457, statx_unique_mount = 0x4000, mount_request_size = 24, mount_strings = 512 };
enum { mount_point = 0x10, mount_type = 0x20, mount_options = 0x80, mount_subtype = 0x100 };

struct mount_request {
    uint32_t size, spare;
    uint64_t mount, mask;
};

struct mount_answer {
    uint32_t size, options;
    uint64_t mask;
    uint64_t super_block[2];  /* device, magic number */
    uint32_t flags, type;
    uint64_t numbers[8];  /* IDs, attributes, propagation */
    uint32_t root, point;
    uint64_t name_space;
    uint32_t subtype;
};
_Static_assert(offsetof(struct mount_answer, type) == 36, "struct statmount");
_Static_assert(offsetof(struct mount_answer, subtype) == 120, "struct statmount");

static const char *string_of(const struct mount_answer *answer, uint64_t what, uint32_t offset)
{
    return answer->mask & what ? (const char *)answer + mount_strings + offset : NULL;
}

int csystem_mount_of(int fd, void *buffer, size_t size, struct csystem_mount *mount)
{
    struct statx found;
    if (statx(fd, "", AT_EMPTY_PATH, statx_unique_mount, &found) == -1) {
        return -1;
    }
    if (!(found.stx_mask & statx_unique_mount)) {
        errno = ENOSYS;
        return -1;
    }
    uint64_t mask = mount_point | mount_type | mount_options | mount_subtype;
    struct mount_request request = { mount_request_size, 0, found.stx_mnt_id, mask };
    if (syscall(sys_statmount, &request, buffer, size, 0) == -1) {
        return -1;
    }
    const struct mount_answer *answer = buffer;
    mount->id = found.stx_mnt_id;
    mount->type = string_of(answer, mount_type, answer->type);
    mount->subtype = string_of(answer, mount_subtype, answer->subtype);
    mount->point = string_of(answer, mount_point, answer->point);
    mount->options = string_of(answer, mount_options, answer->options);
    return 0;
}

/* stat(2), which has no time of birth, for kernels and sandboxes without statx(2). */
static int status_without_birth(int directory, const char *name, struct stat *status, long long *birth)
{
    *birth = 0;
    return fstatat(directory, name, status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}

static struct timespec timespec_of(struct statx_timestamp time)
{
    return (struct timespec) { .tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec };
}

int csystem_status(int directory, const char *name, struct stat *status, long long *birth)
{
    struct statx found;
    if (statx(directory, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &found) == -1) {
        return errno == ENOSYS || errno == EPERM ? status_without_birth(directory, name, status, birth) : -1;
    }
    memset(status, 0, sizeof *status);
    status->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
    status->st_ino = found.stx_ino;
    status->st_mode = found.stx_mode;
    status->st_nlink = found.stx_nlink;
    status->st_size = found.stx_size;
    status->st_blocks = found.stx_blocks;
    status->st_mtim = timespec_of(found.stx_mtime);
    status->st_ctim = timespec_of(found.stx_ctime);
    long long seconds = found.stx_btime.tv_sec;
    /* Some file systems that do not know it return 1970. */
    int is_known = (found.stx_mask & STATX_BTIME) && seconds > 0 && seconds < 9223372036;
    *birth = is_known ? seconds * 1000000000 + found.stx_btime.tv_nsec : 0;
    return 0;
}

ssize_t csystem_read_directory(int fd, void *buffer, size_t size) { return syscall(SYS_getdents64, fd, buffer, size); }

/* capset(2): this thread, and those that it starts from then on, may not raise their priority. */
static int give_up_raising_priority(void)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) == -1) {
        return -1;
    }
    data[CAP_TO_INDEX(CAP_SYS_NICE)].effective &= ~CAP_TO_MASK(CAP_SYS_NICE);
    data[CAP_TO_INDEX(CAP_SYS_NICE)].permitted &= ~CAP_TO_MASK(CAP_SYS_NICE);
    if (syscall(SYS_capset, &header, data) == -1) {
        return -1;
    }
    struct rlimit none = { 0, 0 };
    return setrlimit(RLIMIT_NICE, &none);
}

int csystem_set_nice(int nice)
{
    if (setpriority(PRIO_PROCESS, 0, nice) == -1) {
        return -1;
    }
    return give_up_raising_priority();
}

int csystem_set_io_priority(int io_class, int level)
{
    enum { who_process = 1, class_shift = 13 };  /* <linux/ioprio.h> is not everywhere */
    return (int)syscall(SYS_ioprio_set, who_process, 0, io_class << class_shift | level);
}

/* Waits until the gate is open. */
static void *pass_gate(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

int csystem_test_threads(int count)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    if (!threads) {
        return count > 0 ? ENOMEM : 0;
    }
    int error = 0;
    int made = 0;
    pthread_mutex_lock(&gate);
    while (made < count && error == 0) {
        error = pthread_create(&threads[made], NULL, pass_gate, &gate);
        made += error == 0;
    }
    pthread_mutex_unlock(&gate);
    for (int number = 0; number < made; number++) {
        pthread_join(threads[number], NULL);
    }
    free(threads);
    return error;
}

int csystem_wcwidth(unsigned int character) { return wcwidth((wchar_t)character); }

int csystem_terminal_columns(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == -1 ? -1 : size.ws_col;
}
