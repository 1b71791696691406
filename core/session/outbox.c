#include "outbox-entry.h"

#include <string.h>

static void
outbox_entry_free(gpointer data)
{
    OutboxEntry *entry = data;

    execution_id_free(entry->id);
    details_free(entry->details);
    details_free(entry->next_details);
    details_free(entry->saved);
    g_free(entry);
}

Outbox *
outbox_new(const OutboxTimes *times)
{
    Outbox *self = g_new0(Outbox, 1);

    self->times = *times;
    self->entries = g_ptr_array_new_with_free_func(outbox_entry_free);
    return self;
}

void
outbox_free(Outbox *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->entries);
    g_free(self);
}

void
outbox_outcome_clear(OutboxOutcome *self)
{
    g_clear_pointer(&self->id, execution_id_free);
    g_clear_pointer(&self->why, g_free);
    self->verdict = OUTBOX_NOTHING;
}

OutboxEntry *
outbox_find(const Outbox *self, const ExecutionId *id)
{
    for (guint i = 0; i < self->entries->len; i++) {
        OutboxEntry *entry = self->entries->pdata[i];
        if (execution_id_equal(entry->id, id))
            return entry;
    }
    return NULL;
}

OutboxEntry *
outbox_ensure(Outbox *self, const ExecutionId *id)
{
    OutboxEntry *entry = outbox_find(self, id);

    if (entry != NULL)
        return entry;
    entry = g_new0(OutboxEntry, 1);
    entry->id = execution_id_copy(id);
    entry->progress_ms = G_MININT64 / 2;
    attempts_init(&entry->attempts, self->times.request_timeout_ms, self->times.retry_first_ms,
                  self->times.retry_cap_ms);
    g_ptr_array_add(self->entries, entry);
    return entry;
}

static void
outbox_put(const Outbox *self, OutboxEntry *entry, OutboxKind kind, ExecutionStatus status,
           const Details *details, guint step_timeout_minutes, gint64 due_ms)
{
    /* details may be the entry's own. */
    Details *copy = details != NULL ? details_copy(details) : details_new();

    details_free(entry->details);
    entry->details = copy;
    entry->kind = kind;
    entry->status = status;
    entry->step_timeout_minutes = step_timeout_minutes;
    entry->include_document = FALSE;
    entry->bare = FALSE;
    entry->not_found = 0;
    entry->mismatches = 0;
    entry->attempts.backoff.first_ms =
        kind == OUTBOX_CLAIM ? self->times.ask_first_ms : self->times.retry_first_ms;
    attempts_renew(&entry->attempts, due_ms);
    outbox_complete(entry);
}

void
outbox_claim(Outbox *self, const ExecutionId *id, guint step_timeout_minutes,
             const Details *details, gboolean include_document, gint64 now_ms)
{
    OutboxEntry *entry = outbox_ensure(self, id);

    if (entry->kind == OUTBOX_FINAL)
        return;
    outbox_put(self, entry, OUTBOX_CLAIM, EXECUTION_IN_PROGRESS, details, step_timeout_minutes,
               now_ms);
    entry->include_document = include_document;
}

static void
outbox_put_progress(Outbox *self, OutboxEntry *entry, const Details *details,
                    guint step_timeout_minutes, gboolean urgent, gint64 now_ms)
{
    gint64 due_ms = entry->progress_ms + self->times.progress_interval_ms;

    /* What already waits for a nearer time takes the newer content along. */
    if (entry->kind == OUTBOX_PROGRESS && entry->attempts.waiting && entry->attempts.sent == 0)
        due_ms = MIN(due_ms, entry->attempts.due_ms);
    outbox_put(self, entry, OUTBOX_PROGRESS, EXECUTION_IN_PROGRESS, details, step_timeout_minutes,
               urgent ? now_ms : MAX(due_ms, now_ms));
}

void
outbox_progress(Outbox *self, const ExecutionId *id, guint step_timeout_minutes,
                const Details *details, gboolean urgent, gint64 now_ms)
{
    OutboxEntry *entry = outbox_ensure(self, id);

    if (entry->kind == OUTBOX_FINAL)
        return;
    if (entry->kind == OUTBOX_CLAIM) {
        details_free(entry->next_details);
        entry->next_details = details != NULL ? details_copy(details) : details_new();
        entry->next_step_timeout_minutes = step_timeout_minutes;
        return;
    }
    outbox_put_progress(self, entry, details, step_timeout_minutes, urgent, now_ms);
}

void
outbox_final(Outbox *self, const ExecutionId *id, ExecutionStatus status, const Details *details,
             gint64 now_ms)
{
    OutboxEntry *entry = outbox_ensure(self, id);

    g_clear_pointer(&entry->next_details, details_free);
    entry->sent_finals = 0;
    outbox_put(self, entry, OUTBOX_FINAL, status, details, 0, now_ms);
}

void
outbox_forget(Outbox *self, const ExecutionId *id)
{
    OutboxEntry *entry = outbox_find(self, id);

    if (entry != NULL)
        g_ptr_array_remove(self->entries, entry);
}

static gboolean
outbox_is_blocked(const OutboxEntry *entry)
{
    return entry->awaiting && entry->kind != OUTBOX_CLAIM;
}

static OutboxEntry *
outbox_find_due(Outbox *self, OutboxKind kind, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        OutboxEntry *entry = self->entries->pdata[i];
        if (entry->kind == kind && !outbox_is_blocked(entry) &&
            attempts_due(&entry->attempts, now_ms))
            return entry;
    }
    return NULL;
}

/* The bare content has nothing that could be refused. */
static guint
outbox_step_timeout(const OutboxEntry *entry)
{
    gboolean odd = entry->step_timeout_minutes == EXECUTION_NO_STEP_TIMER;

    return entry->bare && odd ? 0 : entry->step_timeout_minutes;
}

gboolean
outbox_next(Outbox *self, guint64 ticket, gint64 now_ms, JobsUpdate *update)
{
    static const OutboxKind order[] = {OUTBOX_FINAL, OUTBOX_CLAIM, OUTBOX_PROGRESS};
    OutboxEntry *entry = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(order) && entry == NULL; i++)
        entry = outbox_find_due(self, order[i], now_ms);
    if (entry == NULL)
        return FALSE;
    if (entry->kind == OUTBOX_FINAL)
        entry->sent_finals |= 1u << entry->status;
    if (entry->kind == OUTBOX_PROGRESS)
        entry->progress_ms = now_ms;
    attempts_sent(&entry->attempts, ticket, now_ms);
    *update = (JobsUpdate){
        .id = entry->id,
        .status = entry->status,
        .details = entry->bare ? NULL : entry->details,
        .step_timeout_minutes = outbox_step_timeout(entry),
        .include_document = entry->include_document,
    };
    return TRUE;
}

gint64
outbox_next_time(const Outbox *self)
{
    gint64 next = ATTEMPTS_NEVER;

    for (guint i = 0; i < self->entries->len; i++) {
        const OutboxEntry *entry = self->entries->pdata[i];
        if (!outbox_is_blocked(entry))
            next = MIN(next, attempts_next_time(&entry->attempts));
    }
    return next;
}

guint64
outbox_ticket_of_job(const Outbox *self, const char *job_id)
{
    for (guint i = 0; i < self->entries->len; i++) {
        const OutboxEntry *entry = self->entries->pdata[i];
        if (entry->attempts.in_flight && strcmp(entry->id->job_id, job_id) == 0)
            return entry->attempts.latest;
    }
    return 0;
}

/* The entry has nothing more to say, unless progress waited for the claim. */
static void
outbox_settle(Outbox *self, OutboxEntry *entry, gint64 now_ms)
{
    g_autoptr(Details) next = g_steal_pointer(&entry->next_details);

    attempts_settle(&entry->attempts);
    entry->kind = OUTBOX_IDLE;
    if (next != NULL)
        outbox_put_progress(self, entry, next, entry->next_step_timeout_minutes, FALSE, now_ms);
}

static void
outbox_done(Outbox *self, OutboxEntry *entry, gint64 now_ms, OutboxOutcome *outcome)
{
    OutboxKind kind = entry->kind;

    if (kind != OUTBOX_PROGRESS)
        outcome->id = execution_id_copy(entry->id);
    if (kind == OUTBOX_CLAIM)
        outcome->verdict = OUTBOX_CLAIMED;
    if (kind == OUTBOX_FINAL) {
        outcome->verdict = OUTBOX_TAKEN;
        g_ptr_array_remove(self->entries, entry);
        return;
    }
    outbox_settle(self, entry, now_ms);
}

static void
outbox_over(Outbox *self, OutboxEntry *entry, const JobsMessage *message, gint64 now_ms,
            OutboxOutcome *outcome)
{
    gboolean content = message->refusal == JOBS_REFUSAL_INVALID_REQUEST ||
                       message->refusal == JOBS_REFUSAL_INVALID_JSON ||
                       message->refusal == JOBS_REFUSAL_INVALID_TOPIC;

    /* Progress that is refused for its wording says nothing about the execution. */
    if (entry->kind == OUTBOX_PROGRESS && content) {
        outbox_settle(self, entry, now_ms);
        return;
    }
    outcome->verdict = entry->kind == OUTBOX_CLAIM   ? OUTBOX_CLAIM_REFUSED
                       : entry->kind == OUTBOX_FINAL ? OUTBOX_REFUSED
                                                     : OUTBOX_GONE;
    outcome->id = execution_id_copy(entry->id);
    outcome->why = outbox_explain(message);
    outcome->stands = content;
    g_ptr_array_remove(self->entries, entry);
}

static void
outbox_apply(Outbox *self, OutboxEntry *entry, const JobsMessage *message, gint64 now_ms,
             OutboxOutcome *outcome)
{
    switch (outbox_rule(entry, message)) {
    case OUTBOX_RULING_DONE:
        outbox_done(self, entry, now_ms, outcome);
        break;
    case OUTBOX_RULING_LATER:
        attempts_later(&entry->attempts, now_ms);
        break;
    case OUTBOX_RULING_BARE:
        entry->bare = TRUE;
        attempts_again(&entry->attempts, now_ms);
        break;
    case OUTBOX_RULING_AS_FAILED:
        entry->status = EXECUTION_FAILED;
        entry->bare = FALSE;
        attempts_again(&entry->attempts, now_ms);
        break;
    case OUTBOX_RULING_AGAIN:
        attempts_again(&entry->attempts, now_ms);
        break;
    case OUTBOX_RULING_OVER:
        outbox_over(self, entry, message, now_ms, outcome);
        break;
    }
}

/* A refusal of earlier progress still tells that the execution has ended. */
static gboolean
outbox_is_ending(const OutboxEntry *entry, const JobsMessage *message)
{
    return entry->kind == OUTBOX_PROGRESS &&
           (message->refusal == JOBS_REFUSAL_RESOURCE_NOT_FOUND ||
            (message->has_state && execution_status_is_final(message->state)));
}

static gboolean
outbox_matters(const OutboxEntry *entry, guint64 ticket, const JobsMessage *message)
{
    if (entry->kind == OUTBOX_IDLE)
        return FALSE;
    if (!attempts_is_current(&entry->attempts, ticket))
        return outbox_is_ending(entry, message);
    /* An acceptance of any attempt counts; a refusal only of the one that is under way. */
    return message->refusal == JOBS_REFUSAL_NONE ||
           (ticket == entry->attempts.latest && entry->attempts.in_flight);
}

gboolean
outbox_answer(Outbox *self, guint64 ticket, const JobsMessage *message, gint64 now_ms,
              OutboxOutcome *outcome)
{
    *outcome = (OutboxOutcome){.verdict = OUTBOX_NOTHING};
    for (guint i = 0; i < self->entries->len; i++) {
        OutboxEntry *entry = self->entries->pdata[i];
        if (!attempts_owns(&entry->attempts, ticket))
            continue;
        if (outbox_matters(entry, ticket, message))
            outbox_apply(self, entry, message, now_ms, outcome);
        return TRUE;
    }
    return FALSE;
}

void
outbox_link_lost(Outbox *self, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++)
        attempts_link_lost(&((OutboxEntry *)self->entries->pdata[i])->attempts, now_ms);
}

void
outbox_link_up(Outbox *self, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        OutboxEntry *entry = self->entries->pdata[i];
        if (entry->kind != OUTBOX_FINAL)
            continue;
        backoff_reset(&entry->attempts.backoff);
        attempts_again(&entry->attempts, now_ms);
    }
}

void
outbox_flush(Outbox *self, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        OutboxEntry *entry = self->entries->pdata[i];
        if (entry->attempts.waiting)
            attempts_again(&entry->attempts, now_ms);
    }
}

guint
outbox_unsettled(const Outbox *self)
{
    guint count = 0;

    for (guint i = 0; i < self->entries->len; i++)
        count += ((const OutboxEntry *)self->entries->pdata[i])->kind == OUTBOX_FINAL;
    return count;
}

gboolean
outbox_is_empty(const Outbox *self)
{
    return outbox_unsettled(self) == 0 && outbox_next_time(self) == ATTEMPTS_NEVER;
}
