/* The updates that the service has not answered yet: claims, progress, final statuses.
 *
 * One entry per execution, holding the latest only: a final status replaces whatever waits, a newer
 * progress replaces the older. Nothing is sent after a final status, and a late answer to an
 * earlier content settles nothing. Pure bookkeeping: time (milliseconds) and tickets are passed in,
 * messages are judged here and sent elsewhere.
 *
 * Ownership: everything is copied.
 */
#pragma once

#include "details.h"
#include "execution.h"
#include "jobs-message.h"

#include <glib.h>

/* How often a claim or final status is offered to a service that does not know the execution: right
 * after a notification it may be behind, a deleted execution stays deleted. */
#define OUTBOX_NOT_FOUND_MAX 3

typedef struct {
    gint64 progress_interval_ms;
    gint64 request_timeout_ms;
    gint64 ask_first_ms;   /* first back-off delay of claims */
    gint64 retry_first_ms; /* of everything else */
    gint64 retry_cap_ms;
} OutboxTimes;

typedef struct _Outbox Outbox;

typedef enum {
    OUTBOX_NOTHING,       /* waits on, or did not matter */
    OUTBOX_CLAIMED,       /* the claim was accepted */
    OUTBOX_CLAIM_REFUSED, /* for good */
    OUTBOX_TAKEN,         /* the final status is the service's status */
    OUTBOX_REFUSED,       /* the final status will never be taken */
    OUTBOX_GONE,          /* progress was refused: the execution is not ours any more */
} OutboxVerdict;

typedef struct {
    OutboxVerdict verdict;
    ExecutionId *id; /* NULL with OUTBOX_NOTHING */
    char *why;       /* for OUTBOX_CLAIM_REFUSED, _REFUSED and _GONE */
    gboolean stands; /* it was refused for what it said, not for the execution's state */
} OutboxOutcome;
void outbox_outcome_clear(OutboxOutcome *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutboxOutcome, outbox_outcome_clear)

Outbox *outbox_new(const OutboxTimes *times);
void outbox_free(Outbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outbox, outbox_free)

/* include_document asks for the document with the answer. */
void outbox_claim(Outbox *self, const ExecutionId *id, guint step_timeout_minutes,
                  const Details *details, gboolean include_document, gint64 now_ms);
/* At most one per progress interval unless urgent; waits for an unanswered claim; ignored once a
 * final status is known. */
void outbox_progress(Outbox *self, const ExecutionId *id, guint step_timeout_minutes,
                     const Details *details, gboolean urgent, gint64 now_ms);
void outbox_final(Outbox *self, const ExecutionId *id, ExecutionStatus status,
                  const Details *details, gint64 now_ms);
/* Drops whatever there is for this execution. */
void outbox_forget(Outbox *self, const ExecutionId *id);

/* An execution from an earlier life: its progress and final status wait for outbox_saved(), for
 * they replace what the service keeps. */
void outbox_await_saved(Outbox *self, const ExecutionId *id);
/* The executions that wait (ExecutionId, copies; free with g_ptr_array_unref()). */
GPtrArray *outbox_awaiting_saved(const Outbox *self);
/* What the service keeps (char * -> char *), or NULL when it cannot be had. Pairs that later
 * updates do not have themselves are sent along with them, as a plugin's; words about one moment
 * are not. Only the first call for an execution that waits counts. */
void outbox_saved(Outbox *self, const ExecutionId *id, GHashTable *saved);

/* Takes the next update that is to be sent now, finals first, and counts it as sent with this
 * ticket. update points into the outbox and is valid until the next call. FALSE: nothing is due. */
gboolean outbox_next(Outbox *self, guint64 ticket, gint64 now_ms, JobsUpdate *update);
/* When outbox_next() is worth asking again, or ATTEMPTS_NEVER. */
gint64 outbox_next_time(const Outbox *self);

/* The latest ticket in flight for the job, for answers that carry no token; 0 for none. */
guint64 outbox_ticket_of_job(const Outbox *self, const char *job_id);
/* An answer to an update. FALSE when the ticket is none of ours. outcome is filled when TRUE. */
gboolean outbox_answer(Outbox *self, guint64 ticket, const JobsMessage *message, gint64 now_ms,
                       OutboxOutcome *outcome);

void outbox_link_lost(Outbox *self, gint64 now_ms);
/* Final statuses are due at once, with fresh back-off. */
void outbox_link_up(Outbox *self, gint64 now_ms);
/* Everything that waits is due now (a last chance before the process ends). */
void outbox_flush(Outbox *self, gint64 now_ms);

/* Final statuses without an answer. */
guint outbox_unsettled(const Outbox *self);
/* Whether nothing waits and nothing is in flight. */
gboolean outbox_is_empty(const Outbox *self);
