#include "durable.h"

#include "crash-point.h"
#include "durable-private.h"
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DURABLE_TEMP_PREFIX ".tmp-"
#define DURABLE_TEMP_SIZE   (sizeof DURABLE_TEMP_PREFIX + 16)
#define DURABLE_TEMP_TRIES  100
#define DURABLE_OPEN_FLAGS  (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

struct _DurableAhead {
    char *path;
    GBytes *content;
    int directory_fd;
    char temp[DURABLE_TEMP_SIZE];
    gboolean used; /* there is no temporary file any more */
};

static const char *
durable_hint(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return "; free space on that file system";
    case EROFS:
        return "; the state must lie on a writable file system";
    case EACCES:
    case EPERM:
        return "; check its owner and mode";
    case EIO:
        return "; check the disk";
    case EINVAL:
    case ELOOP:
    case ENXIO:
        return "; wanted a regular file";
    default:
        return "";
    }
}

gboolean
durable_fail(const char *verb, const char *path, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "cannot %s %s: %s%s", verb,
                path, g_strerror(code), durable_hint(code));
    return FALSE;
}

/* A descriptor for *at() calls; -1 on error. */
static int
durable_open_directory(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        durable_fail("open the directory", path, errno, error);
    return fd;
}

static gboolean
durable_name_valid(const char *directory, const char *name, GError **error)
{
    if (*name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
        strcmp(name, "..") != 0)
        return TRUE;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "\"%s\" is not a file name to use in %s; wanted one without \"/\"", name,
                directory);
    return FALSE;
}

gboolean
durable_sync_directory(const char *path, GError **error)
{
    int fd = durable_open_directory(path, error);

    if (fd < 0)
        return FALSE;
    gboolean good = fsync(fd) == 0 || durable_fail("sync the directory", path, errno, error);
    close(fd);
    return good;
}

/* Makes one directory, whose parent exists. */
static gboolean
durable_make_one(const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    struct stat found;

    if (mkdir(path, 0700) == 0) {
        if (chmod(path, 0700) != 0)
            return durable_fail("set the mode of", path, errno, error);
        return durable_sync_directory(parent, error);
    }
    if (errno != EEXIST)
        return durable_fail("create the directory", path, errno, error);
    if (stat(path, &found) != 0)
        return durable_fail("look at", path, errno, error);
    return S_ISDIR(found.st_mode) || durable_fail("create the directory", path, ENOTDIR, error);
}

gboolean
durable_make_directory(const char *path, GError **error)
{
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    struct stat found;

    if (stat(full, &found) == 0 && S_ISDIR(found.st_mode))
        return TRUE;
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        gboolean there = stat(full, &found) == 0 && S_ISDIR(found.st_mode);
        gboolean good = there || durable_make_one(full, error);
        *slash = '/';
        if (!good)
            return FALSE;
    }
    return durable_make_one(full, error);
}

static gboolean
durable_write_all(int fd, const char *content, gsize length)
{
    while (length > 0) {
        gssize done = write(fd, content, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return FALSE;
        content += done;
        length -= (gsize)done;
    }
    return TRUE;
}

/* A new file of a name nobody uses, mode 0600; -1 with errno. */
static int
durable_create_temp(int directory_fd, char *name, gsize size)
{
    int fd = -1;

    for (guint i = 0; fd < 0 && i < DURABLE_TEMP_TRIES; i++) {
        g_snprintf(name, size, DURABLE_TEMP_PREFIX "%08x%08x", g_random_int(), g_random_int());
        fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | DURABLE_OPEN_FLAGS, 0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

/* Fills, syncs and closes fd. FALSE with errno. */
static gboolean
durable_fill(int fd, const void *content, gsize length)
{
    gboolean good =
        fchmod(fd, 0600) == 0 && durable_write_all(fd, content, length) && fsync(fd) == 0;
    int saved = errno;

    if (close(fd) != 0 && good)
        return FALSE;
    errno = saved;
    return good;
}

/* A synced file beside what it is to replace; temp receives its name. */
static gboolean
durable_prepare(int directory_fd, const char *path, char *temp, gsize temp_size,
                const void *content, gsize length, GError **error)
{
    int fd = durable_create_temp(directory_fd, temp, temp_size);

    if (fd < 0)
        return durable_fail("create a temporary file for", path, errno, error);
    if (!durable_fill(fd, content, length)) {
        int saved = errno;
        unlinkat(directory_fd, temp, 0);
        return durable_fail("write", path, saved, error);
    }
    crash_point("durable:temp-written");
    return TRUE;
}

static gboolean
durable_commit(int directory_fd, const char *path, const char *temp, const char *name,
               GError **error)
{
    if (renameat(directory_fd, temp, directory_fd, name) != 0) {
        int saved = errno;
        unlinkat(directory_fd, temp, 0);
        return durable_fail("replace", path, saved, error);
    }
    crash_point("durable:renamed");
    return fsync(directory_fd) == 0 || durable_fail("sync the directory of", path, errno, error);
}

gboolean
durable_write(const char *directory, const char *name, const void *content, gsize length,
              GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    char temp[DURABLE_TEMP_SIZE];
    int directory_fd = -1;

    if (!durable_name_valid(directory, name, error))
        return FALSE;
    directory_fd = durable_open_directory(directory, error);
    if (directory_fd < 0)
        return FALSE;
    gboolean good =
        durable_prepare(directory_fd, path, temp, sizeof temp, content, length, error) &&
        durable_commit(directory_fd, path, temp, name, error);
    close(directory_fd);
    return good;
}

DurableAhead *
durable_ahead_new(const char *directory, const char *name, const void *content, gsize length)
{
    DurableAhead *self;
    char temp[DURABLE_TEMP_SIZE];
    int directory_fd =
        durable_name_valid(directory, name, NULL) ? durable_open_directory(directory, NULL) : -1;

    if (directory_fd < 0)
        return NULL;
    if (!durable_prepare(directory_fd, name, temp, sizeof temp, content, length, NULL)) {
        close(directory_fd);
        return NULL;
    }
    self = g_new0(DurableAhead, 1);
    self->path = g_build_filename(directory, name, NULL);
    self->content = g_bytes_new(content, length);
    self->directory_fd = directory_fd;
    memcpy(self->temp, temp, sizeof temp);
    crash_point("durable:ahead");
    return self;
}

static gboolean
durable_ahead_is(const DurableAhead *self, const char *path, const void *content, gsize length)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(self->content, &size);

    return strcmp(self->path, path) == 0 && size == length && memcmp(bytes, content, size) == 0;
}

gboolean
durable_write_ahead(DurableAhead *ahead, const char *directory, const char *name,
                    const void *content, gsize length, GError **error)
{
    g_autoptr(DurableAhead) self = ahead;
    g_autofree char *path = g_build_filename(directory, name, NULL);

    if (self == NULL || !durable_ahead_is(self, path, content, length))
        return durable_write(directory, name, content, length, error);
    self->used = TRUE;
    return durable_commit(self->directory_fd, path, self->temp, name, error);
}

void
durable_ahead_free(DurableAhead *self)
{
    if (self == NULL)
        return;
    if (!self->used)
        unlinkat(self->directory_fd, self->temp, 0);
    close(self->directory_fd);
    g_bytes_unref(self->content);
    g_free(self->path);
    g_free(self);
}

/* Opens name in directory; anything but a regular file is EINVAL. -1 on error. */
static int
durable_open(const char *directory, const char *name, const char *path, int flags, GError **error)
{
    struct stat found;

    if (!durable_name_valid(directory, name, error))
        return -1;
    int directory_fd = durable_open_directory(directory, error);
    if (directory_fd < 0)
        return -1;
    int fd = openat(directory_fd, name, flags | DURABLE_OPEN_FLAGS, 0600);
    int saved = errno;
    close(directory_fd);
    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    gboolean other = fd >= 0 || saved == ELOOP || saved == ENXIO || saved == EISDIR;
    durable_fail("open", path, other ? EINVAL : saved, error);
    return -1;
}

static char *
durable_read_fd(int fd, const char *path, gsize limit, gsize *length, GError **error)
{
    gsize got = 0;
    g_autofree char *content = input_read(fd, limit, &got);

    if (content == NULL) {
        durable_fail("read", path, errno, error);
        return NULL;
    }
    if (got > limit) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "%s is too big: wanted at most %" G_GSIZE_FORMAT " bytes", path, limit);
        return NULL;
    }
    if (length != NULL)
        *length = got;
    return g_steal_pointer(&content);
}

char *
durable_read(const char *directory, const char *name, gsize limit, gsize *length, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int fd = durable_open(directory, name, path, O_RDONLY, error);

    if (fd < 0)
        return NULL;
    char *content = durable_read_fd(fd, path, limit, length, error);
    close(fd);
    return content;
}

/* One write; a line that fitted only in part is taken back, and one that a crash tore is ended
 * first. */
static gboolean
durable_append_fd(int fd, const char *path, const char *line, GError **error)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char last = '\n';

    if (size > 0 && pread(fd, &last, 1, size - 1) < 0)
        return durable_fail("read", path, errno, error);
    g_autofree char *text = g_strconcat(last == '\n' ? "" : "\n", line, "\n", NULL);
    gsize length = strlen(text);
    gssize done = write(fd, text, length);
    if (done == (gssize)length)
        return TRUE;
    int saved = done < 0 ? errno : ENOSPC;
    if (size >= 0 && done > 0 && ftruncate(fd, size) != 0)
        return durable_fail("take back half a line of", path, errno, error);
    return durable_fail("append to", path, saved, error);
}

gboolean
durable_append_line(const char *directory, const char *name, const char *line, gsize max_size,
                    GError **error)
{
    const int flags = O_RDWR | O_APPEND | O_CREAT;
    g_autofree char *path = g_build_filename(directory, name, NULL);
    struct stat found;

    if (strchr(line, '\n') != NULL) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "cannot append to %s: the line has a line end in it", path);
        return FALSE;
    }
    int fd = durable_open(directory, name, path, flags, error);
    if (fd >= 0 && fstat(fd, &found) == 0 && (guint64)found.st_size > max_size) {
        g_autofree char *old = g_strconcat(path, ".1", NULL);
        close(fd);
        if (rename(path, old) != 0)
            return durable_fail("set aside", path, errno, error);
        fd = durable_open(directory, name, path, flags, error);
    }
    if (fd < 0)
        return FALSE;
    gboolean good =
        (fchmod(fd, 0600) == 0 || durable_fail("set the mode of", path, errno, error)) &&
        durable_append_fd(fd, path, line, error);
    close(fd);
    return good;
}
