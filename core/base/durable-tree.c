#include "durable-private.h"
#include "durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DURABLE_ASIDE_MAX     32
#define DURABLE_ASIDE_NUMBERS 100000

/* A directory being emptied. Depth costs memory, not descriptors and not stack. */
typedef struct {
    GPtrArray *names; /* char *, from the top to where fd is */
    GArray *inodes;   /* guint64, of the directories above fd */
    const char *path; /* of the top, for messages */
    dev_t device;
    int fd;
} DurableTree;

static gboolean
durable_tree_fail(const DurableTree *self, const char *verb, const char *name, int code,
                  GError **error)
{
    GString *path = g_string_new(self->path);

    for (guint i = 0; i < self->names->len; i++)
        g_string_append_printf(path, "/%s", (const char *)self->names->pdata[i]);
    g_string_append_printf(path, "/%s", name);
    durable_fail(verb, path->str, code, error);
    g_string_free(path, TRUE);
    return FALSE;
}

static gboolean
durable_tree_descend(DurableTree *self, const char *name, GError **error)
{
    struct stat found;
    int fd = openat(self->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return durable_tree_fail(self, "open the directory", name, errno, error);
    if (fstat(fd, &found) != 0 || found.st_dev != self->device) {
        close(fd);
        return durable_tree_fail(self, "remove what is mounted at", name, EBUSY, error);
    }
    struct stat above;
    if (fstat(self->fd, &above) != 0) {
        close(fd);
        return durable_tree_fail(self, "look above", name, errno, error);
    }
    guint64 inode = above.st_ino;
    g_array_append_val(self->inodes, inode);
    g_ptr_array_add(self->names, g_strdup(name));
    close(self->fd);
    self->fd = fd;
    return TRUE;
}

/* Goes up and removes the empty directory it came from. Only to the very directory it went down
 * from: a folder moved elsewhere meanwhile must not lead out of the tree. */
static gboolean
durable_tree_ascend(DurableTree *self, GError **error)
{
    guint last = self->names->len - 1;
    g_autofree char *name = g_ptr_array_steal_index(self->names, last);
    guint64 wanted = g_array_index(self->inodes, guint64, last);
    int fd = openat(self->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat found;

    g_array_set_size(self->inodes, last);
    if (fd < 0)
        return durable_tree_fail(self, "go up from", name, errno, error);
    close(self->fd);
    self->fd = fd;
    if (fstat(fd, &found) != 0 || found.st_ino != wanted || found.st_dev != self->device)
        return durable_tree_fail(self, "remove a moved directory", name, EBUSY, error);
    if (unlinkat(fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return durable_tree_fail(self, "remove", name, errno, error);
    return TRUE;
}

/* Removes the files of the current directory. Stops at the first folder, whose name is put into
 * *folder. */
static gboolean
durable_tree_unlink_files(DurableTree *self, char **folder, GError **error)
{
    int fd = openat(self->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry = NULL;
    gboolean good = TRUE;

    if (listing == NULL) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        return durable_tree_fail(self, "list", ".", saved, error);
    }
    while (good && *folder == NULL && (errno = 0, entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(self->fd, entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        if (errno == EISDIR || (errno == EPERM && entry->d_type == DT_DIR))
            *folder = g_strdup(entry->d_name);
        else
            good = durable_tree_fail(self, "remove", entry->d_name, errno, error);
    }
    if (good && *folder == NULL && errno != 0)
        good = durable_tree_fail(self, "list", ".", errno, error);
    closedir(listing);
    return good;
}

static gboolean
durable_tree_empty(DurableTree *self, GError **error)
{
    for (;;) {
        g_autofree char *folder = NULL;
        if (!durable_tree_unlink_files(self, &folder, error))
            return FALSE;
        if (folder != NULL) {
            if (!durable_tree_descend(self, folder, error))
                return FALSE;
            continue;
        }
        if (self->names->len == 0)
            return TRUE;
        if (!durable_tree_ascend(self, error))
            return FALSE;
    }
}

gboolean
durable_remove_tree(const char *path, GError **error)
{
    DurableTree tree = {.path = path};
    struct stat found;

    if (unlink(path) == 0 || errno == ENOENT)
        return TRUE;
    if (errno != EISDIR && errno != EPERM)
        return durable_fail("remove", path, errno, error);
    tree.fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree.fd < 0)
        return durable_fail("remove", path, errno, error);
    if (fstat(tree.fd, &found) == 0)
        tree.device = found.st_dev;
    tree.names = g_ptr_array_new_with_free_func(g_free);
    tree.inodes = g_array_new(FALSE, FALSE, sizeof(guint64));
    gboolean good = durable_tree_empty(&tree, error);
    g_ptr_array_unref(tree.names);
    g_array_unref(tree.inodes);
    close(tree.fd);
    if (!good)
        return FALSE;
    return rmdir(path) == 0 || errno == ENOENT || durable_fail("remove", path, errno, error);
}

/* How many things are set aside; *oldest is the path of the one that changed first (caller frees).
 */
static guint
durable_aside_count(const char *directory, char **oldest)
{
    g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
    const char *name = NULL;
    struct timespec least = {0};
    struct stat found;
    guint count = 0;

    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (lstat(path, &found) != 0)
            continue;
        gboolean older =
            found.st_ctim.tv_sec < least.tv_sec ||
            (found.st_ctim.tv_sec == least.tv_sec && found.st_ctim.tv_nsec < least.tv_nsec);
        if (count++ > 0 && !older)
            continue;
        least = found.st_ctim;
        g_free(*oldest);
        *oldest = g_steal_pointer(&path);
    }
    return count;
}

static gboolean
durable_aside_make_room(const char *directory, GError **error)
{
    for (;;) {
        g_autofree char *oldest = NULL;
        if (durable_aside_count(directory, &oldest) < DURABLE_ASIDE_MAX)
            return TRUE;
        if (!durable_remove_tree(oldest, error))
            return FALSE;
    }
}

static char *
durable_aside_free_path(const char *path, const char *directory)
{
    g_autofree char *name = g_path_get_basename(path);
    struct stat found;

    for (guint i = 1; i < DURABLE_ASIDE_NUMBERS; i++) {
        g_autofree char *candidate = g_strdup_printf("%s/%s.%u", directory, name, i);
        if (lstat(candidate, &found) != 0 && errno == ENOENT)
            return g_steal_pointer(&candidate);
    }
    return NULL;
}

char *
durable_set_aside(const char *path, const char *aside_directory, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    struct stat found;

    if (lstat(path, &found) != 0) {
        durable_fail("set aside", path, errno, error);
        return NULL;
    }
    if (!durable_make_directory(aside_directory, error) ||
        !durable_aside_make_room(aside_directory, error))
        return NULL;
    g_autofree char *target = durable_aside_free_path(path, aside_directory);
    if (target == NULL || rename(path, target) != 0) {
        durable_fail("set aside", path, target == NULL ? EEXIST : errno, error);
        return NULL;
    }
    if (!durable_sync_directory(aside_directory, error) || !durable_sync_directory(parent, error))
        return NULL;
    return g_steal_pointer(&target);
}
