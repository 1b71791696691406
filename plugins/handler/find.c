#include "find.h"

#include "setting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const standard[] = {HANDLER_OWN_DIRECTORY, HANDLER_DIRECTORY, NULL};

/* A plain file name, none that a package manager leaves lying about, none that hides. */
static bool
is_name(const char *name)
{
    return *name != '\0' && *name != '.' && strchr(name, '/') == NULL && strlen(name) <= NAME_MAX &&
           strstr(name, ".dpkg-") == NULL;
}

static bool
is_safe(const struct stat *info)
{
    return (info->st_uid == 0 || info->st_uid == geteuid()) && (info->st_mode & 022) == 0;
}

static int32_t
refuse_unsafe(errand_job *job, const char *path, const struct stat *info, const char *wanted)
{
    return errand_reject(job, "not-allowed",
                         "%s: owner %u, mode %04o: wanted %s of root, writable by its owner only "
                         "(chown root %s; chmod go-w %s)",
                         path, (unsigned)info->st_uid, (unsigned)info->st_mode & 07777, wanted,
                         path, path);
}

/* ERRAND_SUCCEEDED: this is it. ERRAND_FAILED: not here, look on. */
static int32_t
check_file(errand_job *job, int directory, const char *name, const char *path)
{
    struct stat info;

    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return ERRAND_FAILED;
        return errand_reject(job, "not-allowed", "%s: %s", path, strerror(errno));
    }
    if (S_ISLNK(info.st_mode))
        return errand_reject(job, "not-allowed", "%s is a symbolic link: put the file itself there",
                             path);
    if (!S_ISREG(info.st_mode) || (info.st_mode & 0111) == 0)
        return errand_reject(job, "not-allowed", "%s is not an executable file (chmod +x %s)", path,
                             path);
    if (!is_safe(&info))
        return refuse_unsafe(job, path, &info, "a file");
    return ERRAND_SUCCEEDED;
}

static int32_t
look_in(errand_job *job, const char *directory, const char *name, char path[PATH_MAX])
{
    struct stat info;
    int32_t verdict;
    int fd;

    if (*directory != '/' || snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin handler] directories: \"%s\" is not an absolute "
                             "path",
                             directory);
    fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERRAND_FAILED;
    if (fstat(fd, &info) == 0 && !is_safe(&info) && faccessat(fd, name, F_OK, 0) == 0)
        verdict = refuse_unsafe(job, directory, &info, "a directory");
    else
        verdict = check_file(job, fd, name, path);
    close(fd);
    return verdict;
}

static bool
same_directory(const char *one, const char *other)
{
    size_t length = strlen(one), other_length = strlen(other);

    while (length > 1 && one[length - 1] == '/')
        length--;
    while (other_length > 1 && other[other_length - 1] == '/')
        other_length--;
    return length == other_length && memcmp(one, other, length) == 0;
}

static void
list_directories(errand_job *job, char *text, size_t size)
{
    const char *item;
    size_t used = 0;

    *text = '\0';
    for (int32_t i = 0; (item = setting_list_item(job, "directories", standard, i)) != NULL; i++) {
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "", item);
    }
}

int32_t
find_handler(errand_job *job, bool running, const char *name, const char *place,
             char path[PATH_MAX])
{
    static const char missing[] = "there is no handler \"%s\" in %s";
    bool anywhere = place == NULL || *place == '\0' || strcmp(place, "default") == 0;
    bool known = anywhere;
    char directories[512];
    const char *item;

    if (!is_name(name))
        return errand_reject(job, "invalid-document",
                             "\"%.255s\" is not a handler's name: no \"/\", no dot in front", name);
    for (int32_t i = 0; (item = setting_list_item(job, "directories", standard, i)) != NULL; i++) {
        int32_t verdict;

        if (!anywhere && !same_directory(item, place))
            continue;
        known = true;
        verdict = look_in(job, item, name, path);
        if (verdict != ERRAND_FAILED)
            return verdict;
    }
    list_directories(job, directories, sizeof directories);
    if (!known)
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin handler] directories does not list \"%.255s\" "
                             "(%s)",
                             place, directories);
    if (running)
        return errand_fail(job, "not-found", missing, name, anywhere ? directories : place);
    return errand_reject(job, "not-found", missing, name, anywhere ? directories : place);
}
