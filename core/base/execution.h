/* What names one job execution, and the service's status words.
 *
 * The service may reuse a jobId (a retry, a thing that rejoins its group) and even, once an
 * execution was deleted, its executionNumber. Only the three values together are unique, so
 * everything in errand that must not act twice compares all three and never the document, whose
 * presigned URLs change with every delivery. (Almost: a job that is deleted and created anew within
 * one second has the same three; session-list.c recognizes that.)
 *
 * Pure values; no threads, no I/O.
 */
#pragma once

#include <glib.h>

/* Longest jobId the service makes, in bytes; its alphabet is [a-zA-Z0-9_-]. */
#define EXECUTION_JOB_ID_MAX 64

typedef struct {
    char *job_id;     /* owned */
    gint64 number;    /* executionNumber, 1 for the first try */
    gint64 queued_at; /* queuedAt as the service wrote it, seconds; only compared, never computed
                         with */
} ExecutionId;

/* The words of the service. Zero is failure, so that a forgotten status is never a success. */
typedef enum {
    EXECUTION_FAILED = 0,
    EXECUTION_SUCCEEDED,
    EXECUTION_REJECTED,
    EXECUTION_IN_PROGRESS,
    EXECUTION_QUEUED,
    EXECUTION_TIMED_OUT,
    EXECUTION_REMOVED,
    EXECUTION_CANCELED,
} ExecutionStatus;

/* Instead of the minutes of a step timer: none is to run, one that runs is cancelled. */
#define EXECUTION_NO_STEP_TIMER G_MAXUINT

ExecutionId *execution_id_new(const char *job_id, gint64 number, gint64 queued_at);
ExecutionId *execution_id_copy(const ExecutionId *self);
void execution_id_free(ExecutionId *self);
gboolean execution_id_equal(gconstpointer a, gconstpointer b); /* GEqualFunc */
guint execution_id_hash(gconstpointer self);                   /* GHashFunc */

/* "JOBID.NUMBER.QUEUEDAT": safe as a file name because a jobId has no dot and no slash. Caller
 * frees. */
char *execution_id_to_name(const ExecutionId *self);
/* The reverse; NULL when the text is not such a name. */
ExecutionId *execution_id_from_name(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Whether text is 1..64 bytes of [a-zA-Z0-9_-]. NULL is not. */
gboolean execution_job_id_valid(const char *text);

/* "IN_PROGRESS" and so on; never NULL. */
const char *execution_status_to_word(ExecutionStatus status);
gboolean execution_status_from_word(const char *word,
                                    ExecutionStatus *status) G_GNUC_WARN_UNUSED_RESULT;
/* SUCCEEDED, FAILED, REJECTED, TIMED_OUT, REMOVED, CANCELED: nothing may change it any more. */
gboolean execution_status_is_final(ExecutionStatus status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExecutionId, execution_id_free)
