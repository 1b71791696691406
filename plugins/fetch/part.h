/* The file that is being fetched, under its name of the time. */
#pragma once

#include "fetch.h"

/* A new, empty part file, or the one an earlier run left behind. The descriptor, or a negative
 * errno value. */
int part_create(const Fetch *fetch);
int part_reopen(const Fetch *fetch);
void part_remove(const Fetch *fetch);
