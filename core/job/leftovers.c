#include "leftovers.h"

#include "durable.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEFTOVERS_FILE "leftovers"
#define SIZE_MAX_TAKEN (256 * 1024)

/* Silent where there is nothing to remove. */
static void
remove_file(const char *directory, const char *name, const char *job_id)
{
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat info;

    if (fd < 0)
        return;
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
        unlinkat(fd, name, 0) != 0)
        log_job(G_LOG_LEVEL_WARNING, job_id, "cannot remove what it left, %s/%s: %s", directory,
                name, g_strerror(errno));
    close(fd);
}

static void
remove_listed(const char *path, const char *job_id)
{
    g_autofree char *prefix = g_strdup_printf(".errand-%s-", job_id);
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);

    if (g_path_is_absolute(path) && g_str_has_prefix(name, prefix))
        remove_file(directory, name, job_id);
}

static void
remove_of_step(const char *folder, const char *step, const char *job_id)
{
    g_autofree char *directory = g_build_filename(folder, step, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = durable_read(directory, LEFTOVERS_FILE, SIZE_MAX_TAKEN, NULL, &error);
    g_auto(GStrv) lines = text != NULL ? g_strsplit(text, "\n", -1) : NULL;

    if (text == NULL && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        log_job(G_LOG_LEVEL_WARNING, job_id, "what it left is not removed: %s", error->message);
    for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
        remove_listed(lines[i], job_id);
}

void
leftovers_remove(const char *folder, const char *job_id)
{
    g_autofree char *directories = g_build_filename(folder, "private", NULL);
    g_autoptr(GDir) steps = g_dir_open(directories, 0, NULL);
    const char *step;

    while (steps != NULL && (step = g_dir_read_name(steps)) != NULL)
        remove_of_step(directories, step, job_id);
}

gboolean
leftovers_remove_all(const char *folder, const char *job_id, GError **error)
{
    leftovers_remove(folder, job_id);
    return durable_remove_tree(folder, error);
}
