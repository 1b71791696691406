#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
part_create(const Fetch *fetch)
{
    int fd;

    part_remove(fetch);
    fd = openat(fetch->directory, fetch->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0600);
    return fd >= 0 ? fd : -errno;
}

int
part_reopen(const Fetch *fetch)
{
    int fd = openat(fetch->directory, fetch->part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat info;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
        info.st_nlink == 1)
        return fd;
    close(fd);
    return -EINVAL;
}

void
part_remove(const Fetch *fetch)
{
    unlinkat(fetch->directory, fetch->part, 0);
}
