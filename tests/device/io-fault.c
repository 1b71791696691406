/* A disk that fails on demand, for LD_PRELOAD into errandd and errandctl.
 *
 * ERRAND_IO_FAULT names a control file, ERRAND_IO_FAULT_UNDER the folder whose files are concerned.
 * While the control file exists it says "GENERATION FIRST LAST ERRNO": of the calls that change
 * something below the folder, counted from the first one under this generation, those from FIRST to
 * LAST fail with that error. Each failed call appends "GENERATION CALL" to CONTROL.hits. Other
 * programs that inherit the preload are left alone. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512
#define PATH_MAX_BYTES 4096

static long generation = -1;
static long calls;

/* By system calls: the functions are the ones replaced below. */
static void
note_hit(const char *control, const char *call)
{
    char path[PATH_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    long fd;
    int length;

    snprintf(path, sizeof path, "%s.hits", control);
    length = snprintf(line, sizeof line, "%ld %s\n", generation, call);
    fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        syscall(SYS_write, fd, line, (size_t)length);
        syscall(SYS_close, fd);
    }
}

static int
read_control(const char *control, long numbers[4])
{
    char line[LINE_MAX_BYTES] = "";
    long fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0)
        return 0;
    syscall(SYS_read, fd, line, sizeof line - 1);
    syscall(SYS_close, fd);
    return sscanf(line, "%ld %ld %ld %ld", &numbers[0], &numbers[1], &numbers[2], &numbers[3]) == 4;
}

static int
is_under(const char *path)
{
    const char *folder = getenv("ERRAND_IO_FAULT_UNDER");
    size_t length = folder != NULL ? strlen(folder) : 0;

    return length > 0 && strncmp(path, folder, length) == 0 &&
           (strcmp(program_invocation_short_name, "errandd") == 0 ||
            strcmp(program_invocation_short_name, "errandctl") == 0);
}

/* Nonzero, with errno set, when this call is to fail. */
static int
fails(const char *call, const char *path)
{
    const char *control = getenv("ERRAND_IO_FAULT");
    int saved = errno;
    long numbers[4];

    if (control == NULL || !is_under(path) || !read_control(control, numbers)) {
        errno = saved;
        return 0;
    }
    if (numbers[0] != generation) {
        generation = numbers[0];
        calls = 0;
    }
    calls++;
    if (calls < numbers[1] || calls > numbers[2]) {
        errno = saved;
        return 0;
    }
    note_hit(control, call);
    errno = (int)numbers[3];
    return 1;
}

static int
fails_fd(const char *call, int fd)
{
    char link[64];
    char path[PATH_MAX_BYTES] = "";
    int saved = errno;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1) < 0)
        path[0] = '\0';
    errno = saved;
    return fails(call, path);
}

static int
fails_at(const char *call, int directory, const char *name)
{
    if (name[0] == '/')
        return fails(call, name);
    return directory != AT_FDCWD && fails_fd(call, directory);
}

/* Defines REAL, the function of that name in the libraries after this one. */
#define FIND_REAL(name)                                                                            \
    static __typeof__(&name) real;                                                                 \
    if (real == NULL)                                                                              \
    real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t
write(int fd, const void *bytes, size_t length)
{
    FIND_REAL(write);
    return fails_fd("write", fd) ? -1 : real(fd, bytes, length);
}

int
fsync(int fd)
{
    FIND_REAL(fsync);
    return fails_fd("fsync", fd) ? -1 : real(fd);
}

int
rename(const char *from, const char *to)
{
    FIND_REAL(rename);
    return fails_at("rename", AT_FDCWD, to) ? -1 : real(from, to);
}

int
renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    FIND_REAL(renameat);
    return fails_at("renameat", to_directory, to) ? -1
                                                  : real(from_directory, from, to_directory, to);
}

int
mkdir(const char *path, mode_t mode)
{
    FIND_REAL(mkdir);
    return fails_at("mkdir", AT_FDCWD, path) ? -1 : real(path, mode);
}

static mode_t
mode_of(int flags, va_list list)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
}

int
open(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    FIND_REAL(open);
    va_start(list, flags);
    mode = mode_of(flags, list);
    va_end(list);
    return (flags & O_CREAT) != 0 && fails_at("open", AT_FDCWD, path) ? -1
                                                                      : real(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    FIND_REAL(open64);
    va_start(list, flags);
    mode = mode_of(flags, list);
    va_end(list);
    return (flags & O_CREAT) != 0 && fails_at("open", AT_FDCWD, path) ? -1
                                                                      : real(path, flags, mode);
}

int
openat64(int directory, const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    FIND_REAL(openat64);
    va_start(list, flags);
    mode = mode_of(flags, list);
    va_end(list);
    if ((flags & O_CREAT) != 0 && fails_at("openat", directory, path))
        return -1;
    return real(directory, path, flags, mode);
}
