#include "vetted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the kernel: more links than this in one path are a loop. */
#define LINKS_MAX 40

typedef struct {
    char todo[PATH_MAX]; /* what is still to walk */
    int fd;              /* O_PATH, where we are; -1 when not open */
    int links;
    char *fault;
} Walk;

static bool
fail(char *fault, const char *what, const char *why)
{
    snprintf(fault, VETTED_FAULT_SIZE, "%s %s", what, why);
    return false;
}

static bool
is_trusted(const struct stat *info, mode_t forbidden, const char *what, char *fault)
{
    if (info->st_uid != 0 && info->st_uid != geteuid())
        return fail(fault, what, "belongs to neither root nor the user errand runs as: chown it");
    if ((info->st_mode & forbidden) != 0)
        return fail(fault, what, "can be written by group or others: chmod go-w");
    return true;
}

/* Where we are is a directory that qualifies. In a sticky one nobody can rename or remove what
 * belongs to someone else, so on the way that will do. */
static bool
check_here(Walk *self, const char *name)
{
    struct stat info;
    bool last = self->todo[strspn(self->todo, "/")] == '\0';

    if (fstat(self->fd, &info) != 0 || !S_ISDIR(info.st_mode))
        return fail(self->fault, name, "is not a directory");
    return is_trusted(&info, !last && (info.st_mode & S_ISVTX) != 0 ? 0 : 022, name, self->fault);
}

static bool
enter(Walk *self, int fd, const char *name)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = fd;
    return fd >= 0 ? check_here(self, name) : fail(self->fault, name, strerror(errno));
}

/* Puts a link's target in front of what is still to walk. */
static bool
follow(Walk *self, int fd, const struct stat *info, const char *name)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t length = readlinkat(fd, "", target, sizeof target - 1);

    if (self->todo[strspn(self->todo, "/")] == '\0')
        return fail(self->fault, name, "is a symbolic link: give its real path");
    if (!is_trusted(info, 0, name, self->fault))
        return false;
    if (length < 0 || ++self->links > LINKS_MAX)
        return fail(self->fault, name, strerror(length < 0 ? errno : ELOOP));
    target[length] = '\0';
    memcpy(rest, self->todo, sizeof rest);
    if (snprintf(self->todo, sizeof self->todo, "%s/%s", target, rest) >= PATH_MAX)
        return fail(self->fault, name, strerror(ENAMETOOLONG));
    return *target != '/' || enter(self, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
}

static bool
step(Walk *self)
{
    char name[NAME_MAX + 1];
    size_t start = strspn(self->todo, "/"), length = strcspn(self->todo + start, "/");
    struct stat info;
    bool good;
    int fd;

    if (length > NAME_MAX)
        return fail(self->fault, "the path", strerror(ENAMETOOLONG));
    snprintf(name, sizeof name, "%.*s", (int)length, self->todo + start);
    memmove(self->todo, self->todo + start + length, strlen(self->todo + start + length) + 1);
    fd = openat(self->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISLNK(info.st_mode))
        return enter(self, fd, name);
    good = follow(self, fd, &info, name);
    close(fd);
    return good;
}

int
vetted_directory(const char *path, char fault[VETTED_FAULT_SIZE])
{
    Walk walk = {.fd = -1, .fault = fault};
    bool good;

    if (*path != '/' || strlen(path) >= sizeof walk.todo) {
        fail(fault, path, "is no absolute path");
        return -1;
    }
    snprintf(walk.todo, sizeof walk.todo, "%s", path);
    good = enter(&walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    while (good && walk.todo[strspn(walk.todo, "/")] != '\0')
        good = step(&walk);
    if (good)
        return walk.fd;
    if (walk.fd >= 0)
        close(walk.fd);
    return -1;
}

static bool
check_file(const struct stat *info, const char *name, char *fault)
{
    if (!S_ISREG(info->st_mode))
        return fail(fault, name, "is not a regular file: links and the like are not followed");
    return is_trusted(info, 022, name, fault);
}

static long
read_all(int fd, const char *name, char *text, size_t size, char *fault)
{
    size_t have = 0;

    for (;;) {
        ssize_t length = read(fd, text + have, size - have);

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 || (length > 0 && have + (size_t)length == size)) {
            fail(fault, name, length < 0 ? strerror(errno) : "is too large for a key");
            return -1;
        }
        if (length == 0)
            return (long)have;
        have += (size_t)length;
    }
}

/* Looks before it opens, as opening a device can act on it, and again at what was opened. */
long
vetted_read(int directory, const char *name, char *text, size_t size, char fault[VETTED_FAULT_SIZE])
{
    struct stat info;
    long length = -1;
    int fd;

    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        fail(fault, name, strerror(errno));
        return -1;
    }
    if (!check_file(&info, name, fault))
        return -1;
    fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) != 0)
        fail(fault, name, strerror(errno));
    else if (check_file(&info, name, fault))
        length = read_all(fd, name, text, size, fault);
    if (fd >= 0)
        close(fd);
    return length;
}
