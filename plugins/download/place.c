#include "place.h"

#include "fault.h"
#include "setting.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const standard[] = {DOWNLOAD_DIRECTORY, NULL};

/* Drops "." and empty components. False for a relative path, "..", or one that is too long. */
static bool
normalize(const char *path, char clean[PATH_MAX])
{
    size_t length = 0;

    *clean = '\0';
    if (*path != '/' || strlen(path) >= PATH_MAX)
        return false;
    while (*path != '\0') {
        size_t part = strcspn(path, "/");

        if (part == 2 && strncmp(path, "..", 2) == 0)
            return false;
        if (part > 0 && !(part == 1 && *path == '.'))
            length += (size_t)snprintf(clean + length, PATH_MAX - length, "/%.*s", (int)part, path);
        path += part + (path[part] == '/');
    }
    return true;
}

/* The allowed directory that `path` is in or is, "" for the root; NULL when there is none. The rest
 * of the path begins at its length. */
static const char *
find_root(errand_job *job, const char *path, char root[PATH_MAX])
{
    const char *item;

    for (int32_t i = 0; (item = setting_list_item(job, "directories", standard, i)) != NULL; i++) {
        size_t length;

        if (!normalize(item, root))
            continue;
        length = strlen(root);
        if (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0'))
            return root;
    }
    return NULL;
}

/* Silent, with ERRAND_FAILED, about what may still change before the step runs. */
static int32_t
refuse_component(errand_job *job, int directory, const char *component, const char *path,
                 bool must_exist)
{
    int error = errno;
    struct stat info;

    if (fstatat(directory, component, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
        return errand_reject(job, "not-allowed", "%s: \"%s\" is a symbolic link", path, component);
    if (!must_exist)
        return ERRAND_FAILED;
    if (error == ENOENT)
        return errand_fail(job, "not-found", "%s: there is no directory \"%s\": create it first",
                           path, component);
    return fault_fail(job, path, component, error);
}

/* Goes down from the allowed directory. ERRAND_SUCCEEDED with the directory open, or what was said.
 */
static int32_t
walk(errand_job *job, const char *root, char *rest, bool must_exist, Place *place)
{
    const char *path = place->path;
    char *save = NULL;
    int fd = open(*root != '\0' ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return refuse_component(job, AT_FDCWD, root, path, must_exist);
    for (char *name = strtok_r(rest, "/", &save); name != NULL; name = strtok_r(NULL, "/", &save)) {
        int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);

        if (next < 0) {
            int32_t verdict = refuse_component(job, fd, name, path, must_exist);

            close(fd);
            return verdict;
        }
        close(fd);
        fd = next;
    }
    place->directory = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(fd);
    return place->directory >= 0 ? ERRAND_SUCCEEDED
                                 : refuse_component(job, AT_FDCWD, root, path, must_exist);
}

/* FNV-1a, to keep the part files of two targets apart. */
static unsigned long long
hash_name(const char *name)
{
    unsigned long long hash = 14695981039346656037ull;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211ull;
    return hash;
}

static int32_t
check_target(errand_job *job, const Place *place)
{
    struct stat info;

    if (place->directory < 0 ||
        fstatat(place->directory, place->name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISREG(info.st_mode))
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "not-allowed", "%s is %s, not a regular file", place->path,
                         S_ISLNK(info.st_mode)   ? "a symbolic link"
                         : S_ISDIR(info.st_mode) ? "a directory"
                                                 : "a special file");
}

/* Nobody else can give the part file's name to another file. */
static int32_t
check_directory(errand_job *job, const Request *request, const Place *place)
{
    struct stat info;
    bool owned, open_to_all;

    if (request->fetch.signature == NULL || place->directory < 0 ||
        fstat(place->directory, &info) != 0)
        return ERRAND_SUCCEEDED;
    owned = info.st_uid == 0 || info.st_uid == geteuid() || info.st_uid == request->owner;
    open_to_all = (info.st_mode & 022) != 0 && (info.st_mode & S_ISVTX) == 0;
    if (owned && !open_to_all)
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "not-allowed",
                         "%s: a signed file needs a directory that nobody else can write: %s",
                         place->path, owned ? "chmod go-w" : "it belongs to another user");
}

/* Whether the path names a directory that is there (no link). */
static bool
is_directory(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Splits the path into directory and name; a directory takes the name from the URL. */
static int32_t
split(errand_job *job, const Request *request, const char *root, char path[PATH_MAX], Place *place)
{
    char *slash = strrchr(path, '/');
    size_t given = strlen(request->path);

    if (strcmp(path, root) == 0 || request->path[given - 1] == '/' || is_directory(path)) {
        if (request->url == NULL)
            return errand_reject(job, "invalid-document",
                                 "\"path\" is a directory, and a stream's files have no names");
        if (!source_file_name(request->url, place->name))
            return errand_reject(job, "invalid-document",
                                 "\"path\" is a directory and \"url\" ends in no file's name");
    } else {
        if (strlen(slash + 1) > NAME_MAX)
            return errand_reject(job, "invalid-document", "\"path\": the file's name is too long");
        memcpy(place->name, slash + 1, strlen(slash + 1) + 1);
        *slash = '\0';
    }
    if (snprintf(place->path, sizeof place->path, "%s/%s", path, place->name) >= PATH_MAX)
        return errand_reject(job, "invalid-document", "\"path\" is too long");
    snprintf(place->part, sizeof place->part, ".errand-%.64s-%016llx.part", errand_job_id(job),
             hash_name(place->name));
    return ERRAND_SUCCEEDED;
}

int32_t
place_open(errand_job *job, const Request *request, bool must_exist, Place *place)
{
    char path[PATH_MAX], root[PATH_MAX];
    int32_t verdict;

    *place = (Place){.directory = -1};
    if (!normalize(request->path, path))
        return errand_reject(job, "not-allowed",
                             "\"path\" must be an absolute path without \"..\": %.256s",
                             request->path);
    if (find_root(job, path, root) == NULL)
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin download] directories does not allow %.256s",
                             path);
    verdict = split(job, request, root, path, place);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = walk(job, root, path + strlen(root), must_exist, place);
    if (verdict == ERRAND_FAILED && !must_exist)
        verdict = ERRAND_SUCCEEDED;
    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_target(job, place);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_directory(job, request, place);
    if (verdict != ERRAND_SUCCEEDED)
        place_close(place);
    return verdict;
}

void
place_close(Place *place)
{
    if (place->directory >= 0)
        close(place->directory);
    place->directory = -1;
}

/* What stands under the target's name now came from somebody else. */
static int32_t
remove_stranger(errand_job *job, const Place *place)
{
    unlinkat(place->directory, place->name, 0);
    return errand_fail(job, "not-allowed",
                       "%s: another file was put in place of the one fetched, and was removed: see "
                       "who can write to the directory",
                       place->path);
}

/* Whether the target is the file that was fetched. */
static bool
is_published(const Place *place, int fd)
{
    struct stat ours, there;

    return fstat(fd, &ours) == 0 &&
           fstatat(place->directory, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

int32_t
place_publish(errand_job *job, const Place *place, const Request *request, int fd)
{
    const char *what = NULL;
    int error;

    if ((request->owner != (uid_t)-1 || request->group != (gid_t)-1) &&
        fchown(fd, request->owner, request->group) != 0)
        what = "changing the owner";
    else if (fchmod(fd, request->mode) != 0)
        what = "changing the mode";
    else if (fsync(fd) != 0)
        what = "writing to disk";
    else if (renameat(place->directory, place->part, place->directory, place->name) != 0)
        what = "renaming the part file";
    else if (!is_published(place, fd))
        return remove_stranger(job, place);
    else if (fsync(place->directory) != 0)
        what = "writing the directory to disk";
    if (what == NULL)
        return ERRAND_SUCCEEDED;
    error = errno;
    unlinkat(place->directory, place->part, 0);
    return fault_fail(job, place->path, what, error);
}
