/* The file that is being fetched, under its name of the time. */
#pragma once

#include "fetch.h"

/* part_create() names the file in PRIVATE/leftovers (see errand_private_directory()), so that
 * it does not outlive the job even when this process is killed. */

/* A new, empty part file, or the one an earlier run left behind. The descriptor, or a negative
 * errno value. */
int part_create(errand_job *job, const Fetch *fetch);
int part_reopen(const Fetch *fetch);
void part_remove(const Fetch *fetch);
