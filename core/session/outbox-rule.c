#include "outbox-entry.h"

/* A service that keeps saying VersionMismatch to updates without a version is retried slowly. */
#define OUTBOX_MISMATCH_MAX 3

static gboolean
outbox_is_what_we_sent(const OutboxEntry *entry, ExecutionStatus state)
{
    return entry->kind == OUTBOX_FINAL && (entry->sent_finals & (1u << state)) != 0;
}

static gboolean
outbox_is_rejecting(const OutboxEntry *entry)
{
    return entry->kind == OUTBOX_FINAL && entry->status == EXECUTION_REJECTED;
}

/* What may be wrong with an update of ours: its details, even an empty map of them, or the word. */
static OutboxRuling
outbox_rule_content(const OutboxEntry *entry)
{
    if (!entry->bare)
        return OUTBOX_RULING_BARE;
    return outbox_is_rejecting(entry) ? OUTBOX_RULING_AS_FAILED : OUTBOX_RULING_OVER;
}

static OutboxRuling
outbox_rule_state(OutboxEntry *entry, const JobsMessage *message)
{
    gboolean transition = message->refusal == JOBS_REFUSAL_INVALID_STATE_TRANSITION;

    if (message->has_state && execution_status_is_final(message->state))
        return outbox_is_what_we_sent(entry, message->state) ? OUTBOX_RULING_DONE
                                                             : OUTBOX_RULING_OVER;
    if (message->refusal == JOBS_REFUSAL_VERSION_MISMATCH)
        return ++entry->mismatches <= OUTBOX_MISMATCH_MAX ? OUTBOX_RULING_AGAIN
                                                          : OUTBOX_RULING_LATER;
    if (transition && outbox_is_rejecting(entry))
        return OUTBOX_RULING_AS_FAILED;
    return message->has_state ? OUTBOX_RULING_LATER : OUTBOX_RULING_OVER;
}

OutboxRuling
outbox_rule(OutboxEntry *entry, const JobsMessage *message)
{
    switch (message->refusal) {
    case JOBS_REFUSAL_NONE:
        return OUTBOX_RULING_DONE;
    case JOBS_REFUSAL_INVALID_TOPIC:
    case JOBS_REFUSAL_INVALID_JSON:
    case JOBS_REFUSAL_INVALID_REQUEST:
        return outbox_rule_content(entry);
    case JOBS_REFUSAL_INVALID_STATE_TRANSITION:
    case JOBS_REFUSAL_VERSION_MISMATCH:
    case JOBS_REFUSAL_TERMINAL_STATE_REACHED:
        return outbox_rule_state(entry, message);
    case JOBS_REFUSAL_RESOURCE_NOT_FOUND:
        if (entry->kind != OUTBOX_PROGRESS && ++entry->not_found < OUTBOX_NOT_FOUND_MAX)
            return OUTBOX_RULING_LATER;
        return OUTBOX_RULING_OVER;
    case JOBS_REFUSAL_REQUEST_THROTTLED:
    case JOBS_REFUSAL_INTERNAL_ERROR:
    case JOBS_REFUSAL_UNKNOWN:
        return OUTBOX_RULING_LATER;
    }
    return OUTBOX_RULING_LATER;
}

char *
outbox_explain(const JobsMessage *message)
{
    const char *word = jobs_refusal_to_word(message->refusal);

    if (message->has_state)
        return g_strdup_printf("the service answered %s: the execution is %s", word,
                               execution_status_to_word(message->state));
    if (message->refusal == JOBS_REFUSAL_RESOURCE_NOT_FOUND)
        return g_strdup_printf("the service answered %s: the execution was deleted", word);
    return g_strdup_printf("the service answered %s%s%s", word, message->text != NULL ? ": " : "",
                           message->text != NULL ? message->text : "");
}
