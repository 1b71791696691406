/* The file that is being fetched, under its name of the time. */
#pragma once

#include "fetch.h"

/* A descriptor of the caller's, or a negative errno value. */

/* A new, empty part file (in place of one that is there), or memory where fetch->part is NULL. Its
 * path is noted in PRIVATE/leftovers first (see errand_private_directory()), so that it does not
 * outlive the job even when this process is killed. */
int part_create(errand_job *job, const Fetch *fetch);
/* The one an earlier run left behind, for reading and writing: ours alone, never open to anybody
 * else for writing. -EINVAL for any other file of that name. */
int part_reopen(const Fetch *fetch);

/* All bytes at that place of the part file; what is already there elsewhere stays. 0 or a negative
 * errno value. */
int part_write(int fd, const void *content, size_t length, int64_t offset);

/* Nothing happens where there is none. */
void part_remove(const Fetch *fetch);
