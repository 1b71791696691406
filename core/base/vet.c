#include "vet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the kernel: more links than this in one path are a loop. */
#define VET_LINKS_MAX       40
#define VET_LINK_LENGTH_MAX 4096

typedef struct {
    GQueue *todo;  /* char *, components still to walk */
    GString *path; /* of fd, for messages */
    int fd;        /* O_PATH; -1 when not open */
    guint links;
} VetWalk;

G_DEFINE_QUARK(errand - vet - error - quark, vet_error)

static gboolean
vet_fail_errno(const char *path, int code, GError **error)
{
    gboolean missing = code == ENOENT || code == ENOTDIR;

    g_set_error(error, VET_ERROR, missing ? VET_ERROR_MISSING : VET_ERROR_IO,
                "cannot open %s: %s; check the path and its permissions", path, g_strerror(code));
    return FALSE;
}

static gboolean
vet_owner_trusted(const struct stat *found)
{
    return found->st_uid == 0 || found->st_uid == geteuid();
}

/* That the owner is trusted, and that nobody else has the forbidden permissions. */
static gboolean
vet_check_rights(const char *path, const struct stat *found, mode_t forbidden, GError **error)
{
    g_autofree char *quoted = g_shell_quote(path);

    if (!vet_owner_trusted(found)) {
        g_set_error(error, VET_ERROR, VET_ERROR_UNTRUSTED,
                    "%s belongs to user %u; wanted root or the user errand runs as; "
                    "mend with: chown root %s",
                    path, (guint)found->st_uid, quoted);
        return FALSE;
    }
    if (found->st_mode & forbidden) {
        g_set_error(error, VET_ERROR, VET_ERROR_UNTRUSTED,
                    "%s has mode %04o; wanted no %s for group and others; mend with: chmod %s %s",
                    path, (guint)found->st_mode & 07777,
                    forbidden == 022 ? "write access" : "access",
                    forbidden == 022 ? "go-w" : "go=", quoted);
        return FALSE;
    }
    return TRUE;
}

static gboolean
vet_check_regular(const char *path, const struct stat *found, GError **error)
{
    if (S_ISREG(found->st_mode))
        return TRUE;
    g_set_error(error, VET_ERROR, VET_ERROR_UNTRUSTED,
                "%s is a %s; wanted a regular file; replace it by the file itself", path,
                S_ISLNK(found->st_mode)   ? "symbolic link"
                : S_ISDIR(found->st_mode) ? "directory"
                                          : "FIFO, socket or device");
    return FALSE;
}

static void
vet_walk_push(VetWalk *self, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (guint i = g_strv_length(parts); i > 0; i--)
        if (*parts[i - 1] != '\0' && strcmp(parts[i - 1], ".") != 0)
            g_queue_push_head(self->todo, g_strdup(parts[i - 1]));
}

/* Makes fd the current directory of the walk, if it qualifies as one. Takes fd. */
static gboolean
vet_walk_enter(VetWalk *self, int fd, const char *name, GError **error)
{
    struct stat found;

    if (self->fd >= 0)
        close(self->fd);
    self->fd = fd;
    if (strcmp(name, "..") == 0) {
        const char *slash = strrchr(self->path->str, '/');
        g_string_truncate(self->path, slash != NULL ? (gsize)(slash - self->path->str) : 0);
    } else if (*name != '\0') {
        g_string_append_printf(self->path, "/%s", name);
    }
    const char *path = self->path->len > 0 ? self->path->str : "/";
    if (fstat(fd, &found) != 0)
        return vet_fail_errno(path, errno, error);
    if (!S_ISDIR(found.st_mode))
        return vet_fail_errno(path, ENOTDIR, error);
    /* In a sticky directory nobody can rename or remove what belongs to someone else. */
    gboolean last = g_queue_is_empty(self->todo);
    return vet_check_rights(path, &found, !last && (found.st_mode & S_ISVTX) ? 0 : 022, error);
}

static gboolean
vet_walk_restart(VetWalk *self, GError **error)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return vet_fail_errno("/", errno, error);
    g_string_truncate(self->path, 0);
    return vet_walk_enter(self, fd, "", error);
}

/* Puts a link's target in front of what is still to walk. */
static gboolean
vet_walk_link(VetWalk *self, int fd, const struct stat *found, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s", self->path->str, name);
    char target[VET_LINK_LENGTH_MAX];

    if (g_queue_is_empty(self->todo)) {
        g_set_error(error, VET_ERROR, VET_ERROR_UNTRUSTED,
                    "%s is a symbolic link; wanted a directory; give its real path", path);
        return FALSE;
    }
    if (!vet_check_rights(path, found, 0, error))
        return FALSE;
    if (++self->links > VET_LINKS_MAX)
        return vet_fail_errno(path, ELOOP, error);
    ssize_t length = readlinkat(fd, "", target, sizeof target - 1);
    if (length < 0)
        return vet_fail_errno(path, errno, error);
    target[length] = '\0';
    vet_walk_push(self, target);
    return *target == '/' ? vet_walk_restart(self, error) : TRUE;
}

static gboolean
vet_walk_step(VetWalk *self, GError **error)
{
    g_autofree char *name = g_queue_pop_head(self->todo);
    struct stat found;
    int fd = openat(self->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    gboolean good = FALSE;

    if (fd < 0 || fstat(fd, &found) != 0) {
        int code = errno;
        g_autofree char *path = g_strdup_printf("%s/%s", self->path->str, name);
        if (fd >= 0)
            close(fd);
        return vet_fail_errno(path, code, error);
    }
    if (!S_ISLNK(found.st_mode))
        return vet_walk_enter(self, fd, name, error);
    good = vet_walk_link(self, fd, &found, name, error);
    close(fd);
    return good;
}

/* A descriptor of the directory for *at() calls, every directory on the way checked; -1 on error.
 */
static int
vet_walk(const char *directory, GError **error)
{
    VetWalk walk = {.fd = -1};
    gboolean good = FALSE;

    walk.todo = g_queue_new();
    walk.path = g_string_new(NULL);
    vet_walk_push(&walk, directory);
    if (*directory != '/') {
        g_autofree char *current = g_get_current_dir();
        vet_walk_push(&walk, current);
    }
    good = vet_walk_restart(&walk, error);
    while (good && !g_queue_is_empty(walk.todo))
        good = vet_walk_step(&walk, error);
    g_queue_free_full(walk.todo, g_free);
    g_string_free(walk.path, TRUE);
    if (good)
        return walk.fd;
    if (walk.fd >= 0)
        close(walk.fd);
    return -1;
}

static gboolean
vet_check_file(const char *path, const struct stat *found, GError **error)
{
    return vet_check_regular(path, found, error) && vet_check_rights(path, found, 022, error);
}

/* Looks before it opens, as opening a device can act on it, and again at what was opened. */
static int
vet_open_at(int directory_fd, const char *name, const char *path, GError **error)
{
    struct stat found;

    if (fstatat(directory_fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        vet_fail_errno(path, errno, error);
        return -1;
    }
    if (!vet_check_file(path, &found, error))
        return -1;
    int fd = openat(directory_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        vet_fail_errno(path, errno, error);
        return -1;
    }
    gboolean good = fstat(fd, &found) == 0 || vet_fail_errno(path, errno, error);
    if (good && vet_check_file(path, &found, error))
        return fd;
    close(fd);
    return -1;
}

int
vet_open(const char *directory, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    if (*name == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        g_set_error(error, VET_ERROR, VET_ERROR_UNTRUSTED,
                    "\"%s\" is not the name of a file in %s; wanted a name without \"/\"", name,
                    directory);
        return -1;
    }
    int directory_fd = vet_walk(directory, error);
    if (directory_fd < 0)
        return -1;
    int fd = vet_open_at(directory_fd, name, path, error);
    close(directory_fd);
    return fd;
}

gboolean
vet_directory(const char *directory, GError **error)
{
    int fd = vet_walk(directory, error);

    if (fd < 0)
        return FALSE;
    close(fd);
    return TRUE;
}

gboolean
vet_private_file(const char *path, GError **error)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return vet_fail_errno(path, errno, error);
    return vet_check_regular(path, &found, error) && vet_check_rights(path, &found, 077, error);
}
