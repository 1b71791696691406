#include "program.h"

#include "child.h"
#include "setting.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool
is_executable(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0;
}

/* directory + "/" + name, the directory resolved where it exists. */
static bool
program_place(Program *program, const char *directory, const char *name)
{
    char *resolved = realpath(directory, NULL);
    const char *base = resolved != NULL ? resolved : directory;
    int length;

    length = snprintf(program->path, sizeof program->path, "%s/%s",
                      strcmp(base, "/") == 0 ? "" : base, name);
    free(resolved);
    program->exists = length < (int)sizeof program->path && is_executable(program->path);
    return length < (int)sizeof program->path;
}

static bool
program_find_path(const char *path, Program *program)
{
    const char *name = strrchr(path, '/') + 1;
    char directory[PATH_MAX];
    size_t length = (size_t)(name - path);

    if (*path != '/' || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        length >= sizeof directory)
        return false;
    memcpy(directory, path, length);
    directory[length > 1 ? length - 1 : 1] = '\0';
    return program_place(program, directory, name);
}

static bool
program_find(const char *name, Program *program)
{
    char directories[] = CHILD_PATH, *rest = NULL;

    *program = (Program){.exists = false};
    if (strchr(name, '/') != NULL)
        return program_find_path(name, program);
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (char *directory = strtok_r(directories, ":", &rest); directory != NULL;
         directory = strtok_r(NULL, ":", &rest)) {
        if (!program_place(program, directory, name))
            return false;
        if (program->exists)
            return true;
    }
    return snprintf(program->path, sizeof program->path, "%s", name) < PATH_MAX;
}

static bool
program_is_allowed(errand_job *job, const Program *program)
{
    static const char *const any[] = {"*", NULL};
    const char *item;

    for (int32_t i = 0; (item = setting_list_item(job, "commands", any, i)) != NULL; i++) {
        Program listed;

        if (strcmp(item, "*") == 0)
            return true;
        if (program_find(item, &listed) && strcmp(listed.path, program->path) == 0)
            return true;
    }
    return false;
}

int32_t
program_choose(errand_job *job, const char *name, Program *program)
{
    if (!program_find(name, program))
        return errand_reject(job, "invalid-document",
                             "\"%s\" is not a program: give a name or an absolute path", name);
    if (!program_is_allowed(job, program))
        return errand_reject(job, "not-allowed",
                             "errand.conf: [plugin shell] commands does not list \"%s\"", name);
    return ERRAND_SUCCEEDED;
}
