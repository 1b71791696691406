/* One line of STATE/history: a JSON object about a job that is over, for people and programs.
 * Pure.
 */
#pragma once

#include "job-store.h"

/* {"time":…,"jobId":…,"executionNumber":…,"queuedAt":…,"outcome":…,"reason":…,"message":…}; the
 * last two are left out when there are none. Caller frees. */
char *history_line(const JobRecord *record, const char *outcome, const char *time);
/* What each line about that execution has in it, and no other. Caller frees. */
char *history_line_words(const ExecutionId *id);
