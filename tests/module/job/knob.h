/* Documents for the knob plugin, and the marker file that tells how often it ran. */
#pragma once

#include "world.h"

/* {"operation":"knob","marker":…,EXTRA}; extra is JSON pairs without braces, or "". Caller frees.
 */
char *knob_document(World *world, const char *operation, const char *extra);
/* A step document; each argument is one step, '!' before it ignores its
 * failure. NULL-terminated arguments. */
char *knob_steps(World *world, ...) G_GNUC_NULL_TERMINATED;
/* "0 1": the start reasons of all runs so far, in order. Caller frees. */
char *knob_runs(World *world);
void knob_expect_runs(World *world, const char *starts);
/* Waits until the plugin has begun for the n-th time. */
void knob_wait_runs(World *world, guint n);
/* Waits until the job is in that state of the life cycle. */
void knob_wait_state(World *world, const char *job_id, const char *state);
