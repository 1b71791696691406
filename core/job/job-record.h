/* The text of STATE/jobs/ID/record: a keyfile whose last line carries a SHA-256 of all before it,
 * so that a flipped bit or a cut is noticed and never acted upon. Pure.
 *
 * Errors: G_FILE_ERROR_INVAL. */
#pragma once

#include "job-store.h"

/* Largest record read, in bytes: 42 details of 1024 UTF-16 units and the names of 64 steps. */
#define JOB_RECORD_SIZE_MAX (512 * 1024)

/* Caller frees. */
char *job_record_to_text(const JobRecord *self, gsize *length);
/* Fills self (its id is compared, the document is checked against the digest in the record when it
 * is present, and dropped when it differs). self is unchanged on error. */
gboolean job_record_from_text(JobRecord *self, const char *text, gsize length,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
