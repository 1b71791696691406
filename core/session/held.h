/* Which executions the gateway has to do with, and what a message means for them.
 *
 * Pure. Whatever is settled, gone or released is remembered for a while, so that a late or repeated
 * message does not offer it again, or not before others; the oldest of these are forgotten.
 */
#pragma once

#include "execution.h"
#include "jobs-message.h"

#include <glib.h>

/* How many executions that are over are remembered. The service lists at most 15 at a time, so this
 * outlasts any message that could still name one. */
#define HELD_OVER_MAX 256

typedef struct _Held Held;

typedef enum {
    HELD_UNKNOWN,
    HELD_OFFERED,   /* the owner has not answered yet */
    HELD_CLAIMING,  /* the service has not answered yet */
    HELD_RUNNING,   /* claimed: watched */
    HELD_FINISHING, /* a final status is on its way; its answer tells what is true */
    HELD_OVER,      /* gone or released: not offered again */
    HELD_DONE,      /* the service took its final status: what is queued under its name is new */
    HELD_REFUSED,   /* the service refuses every status of it, and still has it */
    HELD_LEFT,      /* released, may be offered again: after all that are new */
} HeldPhase;

Held *held_new(void);
void held_free(Held *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Held, held_free)

HeldPhase held_get(const Held *self, const ExecutionId *id);
void held_set(Held *self, const ExecutionId *id, HeldPhase phase);
/* As if never seen. */
void held_forget(Held *self, const ExecutionId *id);
guint held_count(const Held *self, HeldPhase phase);

/* The executions in HELD_RUNNING (ExecutionId, copies; free with g_ptr_array_unref()): all; those
 * that the head of the queue (NULL: none) does not name; those that a pending list does not name.
 */
GPtrArray *held_running(const Held *self);
GPtrArray *held_not_head(const Held *self, const JobsExecution *head);
GPtrArray *held_not_listed(const Held *self, const GPtrArray *pending);

/* What the answer to "is this execution still ours?" says: NULL when it is, or a sentence why not.
 * Caller frees. */
char *held_taken_away(const ExecutionId *id, const JobsMessage *answer);
