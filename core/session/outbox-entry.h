/* The inside of the outbox, and what it keeps for one execution. Private to outbox*.c. */
#pragma once

#include "attempts.h"
#include "outbox.h"

struct _Outbox {
    OutboxTimes times;
    GPtrArray *entries; /* OutboxEntry, oldest first */
};

typedef enum { OUTBOX_IDLE, OUTBOX_CLAIM, OUTBOX_PROGRESS, OUTBOX_FINAL } OutboxKind;

typedef struct {
    ExecutionId *id;
    OutboxKind kind;
    ExecutionStatus status;
    Details *details; /* never NULL while kind is not OUTBOX_IDLE */
    guint step_timeout_minutes;
    gboolean include_document;
    gboolean bare;     /* the content was refused: leave out what can be */
    guint sent_finals; /* bit per ExecutionStatus ever sent as the final one */
    guint not_found;   /* refusals as ResourceNotFound */
    guint mismatches;  /* refusals as VersionMismatch */
    Attempts attempts;
    gint64 progress_ms; /* when progress was last sent */
    /* Progress that waits for the claim's answer. */
    Details *next_details;
    guint next_step_timeout_minutes;
    /* Of an earlier life. */
    gboolean awaiting; /* nothing but a claim is sent before the service has told what it keeps */
    Details *saved;    /* the pairs to send along; NULL for none */
} OutboxEntry;

OutboxEntry *outbox_find(const Outbox *self, const ExecutionId *id);
OutboxEntry *outbox_ensure(Outbox *self, const ExecutionId *id);
/* outbox-saved.c: adds the saved pairs that the entry's details do not have. */
void outbox_complete(OutboxEntry *entry);

/* What an answer to the entry's present content asks for. */
typedef enum {
    OUTBOX_RULING_DONE,
    OUTBOX_RULING_LATER,     /* again after a back-off delay */
    OUTBOX_RULING_AGAIN,     /* again at once */
    OUTBOX_RULING_BARE,      /* at once, without details */
    OUTBOX_RULING_AS_FAILED, /* at once, as FAILED */
    OUTBOX_RULING_OVER,      /* never again */
} OutboxRuling;

/* Pure but for the entry's counters. */
OutboxRuling outbox_rule(OutboxEntry *entry, const JobsMessage *message);
/* "the service answered InvalidStateTransition: the execution is CANCELED". Caller frees. */
char *outbox_explain(const JobsMessage *message);
