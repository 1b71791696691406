/* Logging: to the journal when started by systemd, else to stderr as "LEVEL domain: text".
 *
 * Use g_debug, g_info, g_message, g_warning (never g_error and never g_critical for outside faults:
 * nothing from outside may look like a bug or abort). Lines about a job go through log_job() so
 * that they carry the job's id (field ERRAND_JOB_ID in the journal, "[ID]" in text). Default level
 * shows message and above, --verbose all. Every line is passed through text_redact(): a URL query
 * never gets out.
 */
#pragma once

#include <glib.h>

/* Installs the writer. Call once, before any other thread exists. */
void log_init(gboolean verbose);
gboolean log_is_verbose(void);
void log_job(GLogLevelFlags level, const char *job_id, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Rate limit for one kind of line: TRUE at the 1st, 3rd, 9th, 27th ... call since the last reset,
 * so that a long outage writes a handful of lines: 8 of the 4,300 tries of a day. *suppressed (may
 * be NULL) tells how many were left out since the last TRUE; it is set only then. */
typedef struct {
    guint64 count;
    guint64 told; /* the count at the last TRUE */
} LogThrottle;
gboolean log_throttle(LogThrottle *self, guint64 *suppressed);
void log_throttle_reset(LogThrottle *self);
