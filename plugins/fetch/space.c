#include "space.h"

#include "memory-left.h"

#include <linux/magic.h>
#include <stdio.h>
#include <sys/statfs.h>

/* Bytes free for us, or -1 when that cannot be found out. */
static int64_t
space_free(int directory)
{
    struct statfs info;
    int64_t space, memory;
    bool in_memory;

    if (fstatfs(directory, &info) != 0)
        return -1;
    /* ramfs has no size and reports 0 blocks, free or not. */
    space = info.f_blocks == 0 ? -1 : (int64_t)info.f_bavail * (int64_t)info.f_bsize;
    in_memory = info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
    memory = in_memory ? memory_left() : -1;
    if (memory >= 0 && (space < 0 || memory < space))
        return memory;
    return space;
}

int32_t
space_fail(errand_job *job, int directory, const char *path, int64_t need)
{
    char wanted[32] = "an unknown number of";

    if (need >= 0)
        snprintf(wanted, sizeof wanted, "%lld", (long long)need);
    return errand_fail(job, "no-space", "%s: needs %s bytes, has %lld", path, wanted,
                       (long long)space_free(directory));
}

bool
space_is_left(int directory)
{
    int64_t have = space_free(directory);

    return have < 0 || have > SPACE_RESERVE;
}

int32_t
space_check(errand_job *job, int directory, const char *path, int64_t need)
{
    int64_t have = space_free(directory);

    if (have < 0 || need <= have - SPACE_RESERVE)
        return ERRAND_SUCCEEDED;
    return errand_fail(job, "no-space", "%s: needs %lld bytes and %d in reserve, has %lld", path,
                       (long long)need, SPACE_RESERVE, (long long)have);
}
