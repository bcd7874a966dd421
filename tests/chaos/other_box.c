/* Preloaded into one process, this is another box for it: wall time differs by the seconds that stand in the file
   $OTHER_CLOCK (a signed 64-bit number, may change at any time), and boot id and machine id are read from the files
   $OTHER_BOOT and $OTHER_MACHINE. Time since boot stays the kernel's, as it does when somebody sets the clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step_s;

__attribute__((constructor)) static void begin(void) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    const char *path = getenv("OTHER_CLOCK");
    int file = path ? real(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *seen = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (seen != MAP_FAILED) step_s = seen;
}

int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, at);
    if (!failed && which == CLOCK_REALTIME && step_s) at->tv_sec += *step_s;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

static const char *other(const char *path) {
    const char *found = NULL;
    if (!strcmp(path, "/proc/sys/kernel/random/boot_id")) found = getenv("OTHER_BOOT");
    if (!strcmp(path, "/etc/machine-id")) found = getenv("OTHER_MACHINE");
    return found ? found : path;
}

#define OPEN(name)                                                                           \
    int name(const char *path, int flags, ...) {                                             \
        static int (*real)(const char *, int, ...);                                          \
        va_list more;                                                                        \
        va_start(more, flags);                                                               \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;            \
        va_end(more);                                                                        \
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);          \
        return real(other(path), flags, mode);                                               \
    }
OPEN(open)
OPEN(open64)
