/* Disks that fail, for tests: preloaded, this makes calls that write below a folder fail from the n-th on.
 *
 * Armed with a folder, a kind of call and a number, it lets calls of that kind on files below the folder pass until the
 * n-th, which fails with an errno, and so do all after it.  A write that fails for want of space writes the first half,
 * as a disk does that fills up.  `faults_count` tells how many calls there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 0, SYNC = 1, RENAME = 2, CREATE = 3, KINDS = 4 };

static char folder[4096];
static int failing_kind = -1, failing_errno;
static long failing_from, counts[KINDS];

void faults_arm(const char *under, int kind, long from, int error) {
    snprintf(folder, sizeof folder, "%s", under);
    failing_kind = kind;
    failing_from = from;
    failing_errno = error;
    memset(counts, 0, sizeof counts);
}

long faults_count(int kind) { return counts[kind]; }

/* Whether this call, on a file of the folder, is to fail; 2 for the first that does. */
static int fails(int kind, const char *path) {
    if (!folder[0] || strncmp(path, folder, strlen(folder)))
        return 0;
    long number = __sync_fetch_and_add(&counts[kind], 1);
    if (kind != failing_kind || number < failing_from)
        return 0;
    errno = failing_errno;
    return number == failing_from ? 2 : 1;
}

static int fails_at(int kind, int file) {
    char link[64], path[4096];
    if (!folder[0])
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(kind, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define HALF(call) (failing == 2 && failing_errno == ENOSPC && size > 1 ? (call) : -1)

ssize_t write(int file, const void *bytes, size_t size) {
    int failing = fails_at(WRITE, file);
    return failing ? HALF(REAL(write)(file, bytes, size / 2)) : REAL(write)(file, bytes, size);
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) {
    int failing = fails_at(WRITE, file);
    return failing ? HALF(REAL(pwrite)(file, bytes, size / 2, at)) : REAL(pwrite)(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    int failing = fails_at(WRITE, file);
    return failing ? HALF(REAL(pwrite64)(file, bytes, size / 2, at)) : REAL(pwrite64)(file, bytes, size, at);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    return fails_at(WRITE, file) ? -1 : REAL(writev)(file, parts, count);
}
int fsync(int file) { return fails_at(SYNC, file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails_at(SYNC, file) ? -1 : REAL(fdatasync)(file); }
int rename(const char *from, const char *to) { return fails(RENAME, to) ? -1 : REAL(rename)(from, to); }

static int creates(const char *path, int flags) { return (flags & O_CREAT) && path[0] == '/' && fails(CREATE, path); }

#define OPENING(name, given)                                                                                          \
    {                                                                                                                 \
        mode_t mode = 0;                                                                                              \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                                          \
            va_list more;                                                                                             \
            va_start(more, flags);                                                                                    \
            mode = va_arg(more, mode_t);                                                                              \
            va_end(more);                                                                                             \
        }                                                                                                             \
        return creates(path, flags) ? -1 : REAL(name) given;                                                          \
    }
int open(const char *path, int flags, ...) OPENING(open, (path, flags, mode))
int open64(const char *path, int flags, ...) OPENING(open64, (path, flags, mode))
int openat(int at, const char *path, int flags, ...) OPENING(openat, (at, path, flags, mode))
int openat64(int at, const char *path, int flags, ...) OPENING(openat64, (at, path, flags, mode))
