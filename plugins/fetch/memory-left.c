#include "memory-left.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where one version of control groups says what. */
typedef struct {
    const char *root;
    const char *limit;
    const char *usage;
    const char *cache; /* member of memory.stat: what is given back under pressure */
} Hierarchy;

static const Hierarchy unified = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                  "inactive_file"};
static const Hierarchy memory = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                 "memory.usage_in_bytes", "total_inactive_file"};

/* The number behind `name` in a file of lines "name number"; with no name the one number that the
 * file is. -1 when there is none ("max"). */
static int64_t
read_number(const char *path, const char *name)
{
    FILE *file = fopen(path, "re");
    size_t length = name != NULL ? strlen(name) : 0;
    int64_t number = -1;
    char line[256];

    if (file == NULL)
        return -1;
    while (number < 0 && fgets(line, sizeof line, file) != NULL) {
        const char *text = line + length + strspn(line + length, ": \t");

        if ((name == NULL || strncmp(line, name, length) == 0) && *text >= '0' && *text <= '9')
            number = strtoll(text, NULL, 10);
    }
    fclose(file);
    return number;
}

static int64_t
read_of_group(const Hierarchy *hierarchy, const char *group, const char *file, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s%s/%s", hierarchy->root, group, file);
    return read_number(path, name);
}

static int64_t
smaller(int64_t a, int64_t b)
{
    return b < 0 || (a >= 0 && a < b) ? a : b;
}

/* What the group and those above it leave, or -1. */
static int64_t
left_in_group(const Hierarchy *hierarchy, char *group)
{
    int64_t left = -1;
    char *slash;

    do {
        int64_t limit = read_of_group(hierarchy, group, hierarchy->limit, NULL);
        int64_t usage = read_of_group(hierarchy, group, hierarchy->usage, NULL);
        int64_t cache = read_of_group(hierarchy, group, "memory.stat", hierarchy->cache);
        int64_t here = limit - usage + (cache > 0 ? cache : 0);

        if (limit >= 0 && usage >= 0)
            left = smaller(left, here > 0 ? here : 0);
        slash = strrchr(group, '/');
        if (slash != NULL)
            *slash = '\0';
    } while (slash != NULL);
    return left;
}

/* A line of /proc/self/cgroup is NUMBER:CONTROLLERS:PATH. */
static int64_t
left_in_line(char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;

    if (group == NULL)
        return -1;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (controllers[1] == '\0')
        return left_in_group(&unified, group);
    return strcmp(controllers + 1, "memory") == 0 ? left_in_group(&memory, group) : -1;
}

int64_t
memory_left(void)
{
    int64_t available = read_number("/proc/meminfo", "MemAvailable");
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_MAX];

    if (available >= 0)
        available *= 1024;
    if (file == NULL)
        return available;
    while (fgets(line, sizeof line, file) != NULL)
        available = smaller(available, left_in_line(line));
    fclose(file);
    return available;
}
