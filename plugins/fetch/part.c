#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
part_create(const Fetch *fetch)
{
    int fd;

    part_remove(fetch);
    if (fetch->part == NULL) {
        fd = memfd_create("errand", MFD_CLOEXEC);
        return fd >= 0 ? fd : -errno;
    }
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
        info.st_nlink == 1 && (info.st_mode & 077) == 0)
        return fd;
    close(fd);
    return -EINVAL;
}

void
part_remove(const Fetch *fetch)
{
    if (fetch->part != NULL)
        unlinkat(fetch->directory, fetch->part, 0);
}
