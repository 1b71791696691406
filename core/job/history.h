/* STATE/history: a line about each job that is over, for people and programs. Kept to 1 MiB and
 * one older file. */
#pragma once

#include "job-store.h"

/* Appends the line of that job, in the words of history-line.h. None is added about an execution
 * that was not claimed here and has its line: an offer that came late, from before it ended. Errors
 * as of durable_append_line(). */
gboolean history_add(const char *directory, const JobRecord *record, const char *outcome,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
