#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Path of an open directory. False where it cannot be told. */
static bool
path_of(int directory, char path[PATH_MAX])
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    return *path == '/';
}

/* 0 or a negative errno value. */
static int
append_line(const char *file, const char *line)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    size_t length = strlen(line);
    int result;

    if (fd < 0)
        return -errno;
    result = write(fd, line, length) == (ssize_t)length && fsync(fd) == 0 ? 0 : -EIO;
    close(fd);
    return result;
}

static void
note_leftover(errand_job *job, const Fetch *fetch)
{
    const char *private_directory = errand_private_directory(job);
    char path[PATH_MAX], file[PATH_MAX + 16], line[PATH_MAX + NAME_MAX + 8];

    if (private_directory == NULL || !path_of(fetch->directory, path))
        return;
    snprintf(file, sizeof file, "%s/leftovers", private_directory);
    snprintf(line, sizeof line, "%s/%s\n", path, fetch->part);
    if (append_line(file, line) != 0)
        errand_log(job, ERRAND_LOG_WARNING,
                   "the part file could not be noted and may stay behind if this is killed");
}

int
part_create(errand_job *job, const Fetch *fetch)
{
    int fd;

    part_remove(fetch);
    if (fetch->part == NULL) {
        fd = memfd_create("errand", MFD_CLOEXEC);
        return fd >= 0 ? fd : -errno;
    }
    note_leftover(job, fetch);
    fd = openat(fetch->directory, fetch->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0600);
    return fd >= 0 ? fd : -errno;
}

int
part_reopen(const Fetch *fetch)
{
    struct stat info;
    int fd;

    if (fetch->part == NULL)
        return -ENOENT;
    fd = openat(fetch->directory, fetch->part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
        info.st_nlink == 1 && (info.st_mode & 022) == 0)
        return fd;
    close(fd);
    return -EINVAL;
}

int
part_write(int fd, const void *content, size_t length, int64_t offset)
{
    const unsigned char *bytes = content;

    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes += written;
        length -= (size_t)written;
        offset += written;
    }
    return 0;
}

void
part_remove(const Fetch *fetch)
{
    if (fetch->part != NULL)
        unlinkat(fetch->directory, fetch->part, 0);
}
