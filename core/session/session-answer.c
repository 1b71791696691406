#include "crash-point.h"
#include "session-private.h"

#include <errno.h>

static void
session_odd(Session *self, const char *what, const char *why)
{
    guint64 suppressed = 0;

    if (log_throttle(&self->odd, &suppressed))
        g_warning("a message on %s is left aside: %s", what, why);
    else
        g_debug("a message on %s is left aside: %s", what, why);
}

static void
session_settled(Session *self, const ExecutionId *id, HeldPhase phase)
{
    held_set(self->held, id, phase);
    session_stream_close(self, id);
    requests_cancel(self->requests, REQUEST_WATCH, id);
    requests_cancel(self->requests, REQUEST_REFRESH, id);
    requests_cancel(self->requests, REQUEST_SAVED, id);
    requests_cancel(self->requests, REQUEST_LOOK, id);
    outbox_forget(self->outbox, id);
    self->settled_ms = session_now();
    session_plan_pull(self, SESSION_HEAD_EXPECTED_MS);
}

static void
session_on_outcome(Session *self, const OutboxOutcome *outcome, const JobsMessage *message)
{
    switch (outcome->verdict) {
    case OUTBOX_NOTHING:
        break;
    case OUTBOX_CLAIMED:
        crash_point("session:claim-accepted");
        held_set(self->held, outcome->id, HELD_RUNNING);
        self->callbacks.claimed(outcome->id, SESSION_CLAIM_ACCEPTED, message->document,
                                self->user_data);
        break;
    case OUTBOX_CLAIM_REFUSED:
        if (outcome->stands) {
            held_set(self->held, outcome->id, HELD_OFFERED);
            self->callbacks.claimed(outcome->id, SESSION_CLAIM_INVALID, outcome->why,
                                    self->user_data);
            break;
        }
        log_job(G_LOG_LEVEL_INFO, outcome->id->job_id, "not ours to run: %s", outcome->why);
        session_settled(self, outcome->id, HELD_OVER);
        self->callbacks.claimed(outcome->id, SESSION_CLAIM_REFUSED, outcome->why, self->user_data);
        break;
    case OUTBOX_TAKEN:
        crash_point("session:final-taken");
        session_settled(self, outcome->id, HELD_DONE);
        self->callbacks.reported(outcome->id, TRUE, "the service took it", self->user_data);
        break;
    case OUTBOX_REFUSED:
        session_settled(self, outcome->id, outcome->stands ? HELD_REFUSED : HELD_OVER);
        self->callbacks.reported(outcome->id, FALSE, outcome->why, self->user_data);
        break;
    case OUTBOX_GONE:
        session_settled(self, outcome->id, HELD_OVER);
        self->callbacks.gone(outcome->id, outcome->why, self->user_data);
        break;
    }
}

void
session_tell_time(Session *self, const JobsExecution *execution)
{
    if (execution != NULL && execution->status == EXECUTION_IN_PROGRESS &&
        held_get(self->held, execution->id) == HELD_RUNNING)
        self->callbacks.time_left(execution->id, execution->seconds_left, self->user_data);
}

static void
session_on_watch(Session *self, const ExecutionId *id, const JobsMessage *message)
{
    g_autofree char *why = held_taken_away(id, message);

    if (why == NULL)
        session_tell_time(self, message->execution);
    if (why == NULL || held_get(self->held, id) != HELD_RUNNING)
        return;
    session_settled(self, id, HELD_OVER);
    self->callbacks.gone(id, why, self->user_data);
}

static void
session_on_saved(Session *self, const ExecutionId *id, const JobsMessage *message)
{
    const JobsExecution *execution = message->execution;
    gboolean same = execution != NULL && execution_id_equal(execution->id, id);

    if (same)
        g_hash_table_remove(execution->details, SESSION_MARKER_KEY);
    outbox_saved(self->outbox, id, same ? execution->details : NULL);
    session_on_watch(self, id, message);
}

static void
session_on_refreshed(Session *self, const ExecutionId *id, const JobsMessage *message)
{
    const JobsExecution *execution = message->execution;

    if (execution != NULL && execution_id_equal(execution->id, id) && execution->document != NULL)
        self->callbacks.refreshed(id, execution->document, 0, self->user_data);
    else
        self->callbacks.refreshed(id, NULL, ENOENT, self->user_data);
}

static void
session_on_answered(Session *self, const Request *request, JobsMessage *message)
{
    switch (request->kind) {
    case REQUEST_NEXT:
        session_queue_head(self, g_steal_pointer(&message->execution), TRUE);
        break;
    case REQUEST_START_NEXT:
        session_queue_started(self, g_steal_pointer(&message->execution));
        break;
    case REQUEST_LIST:
        if (message->pending != NULL)
            session_list_answered(self, message->pending);
        break;
    case REQUEST_WATCH:
        session_on_watch(self, request->id, message);
        break;
    case REQUEST_SAVED:
        session_on_saved(self, request->id, message);
        break;
    case REQUEST_LOOK:
        session_list_described(self, request->id, g_steal_pointer(&message->execution));
        break;
    case REQUEST_REFRESH:
        session_on_refreshed(self, request->id, message);
        break;
    }
}

/* Whether a refusal is an answer: for questions about one execution "there is none" is. */
static gboolean
session_refusal_is_answer(const Topic *topic, JobsRefusal refusal)
{
    if (refusal == JOBS_REFUSAL_NONE)
        return TRUE;
    return topic->kind == TOPIC_DESCRIBE && (refusal == JOBS_REFUSAL_RESOURCE_NOT_FOUND ||
                                             refusal == JOBS_REFUSAL_TERMINAL_STATE_REACHED ||
                                             refusal == JOBS_REFUSAL_INVALID_STATE_TRANSITION);
}

static void
session_say_refusal(Session *self, const char *what, const JobsMessage *message)
{
    guint64 suppressed = 0;
    const char *word = jobs_refusal_to_word(message->refusal);
    const char *text = message->text != NULL ? message->text : "no reason given";

    if (jobs_refusal_is_passing(message->refusal) || !log_throttle(&self->refusal, &suppressed))
        g_debug("the service refused a request on %s: %s (%s); asking again later", what, word,
                text);
    else
        g_warning("the service refused a request on %s: %s (%s); asking again later", what, word,
                  text);
}

static void
session_on_question_answer(Session *self, const char *what, const Topic *topic, guint64 ticket,
                           JobsMessage *message)
{
    if (!session_refusal_is_answer(topic, message->refusal)) {
        if (requests_refused(self->requests, ticket, session_now()))
            session_say_refusal(self, what, message);
        return;
    }
    g_autoptr(Request) request = requests_answered(self->requests, ticket, session_now());
    if (request == NULL) {
        g_debug("an answer on %s is for nobody here", what);
        return;
    }
    log_throttle_reset(&self->refusal);
    session_on_answered(self, request, message);
}

/* A request that could not be read is refused without its token; the topic must do. */
static guint64
session_ticket_by_topic(const Session *self, const Topic *topic)
{
    static const RequestKind about_job[] = {REQUEST_REFRESH, REQUEST_LOOK, REQUEST_SAVED,
                                            REQUEST_WATCH};
    guint64 ticket = 0;

    switch (topic->kind) {
    case TOPIC_UPDATE:
        return outbox_ticket_of_job(self->outbox, topic->job_id);
    case TOPIC_LIST:
        return requests_ticket_of(self->requests, REQUEST_LIST, NULL);
    case TOPIC_NEXT:
        return requests_ticket_of(self->requests, REQUEST_NEXT, NULL);
    case TOPIC_START_NEXT:
        return requests_ticket_of(self->requests, REQUEST_START_NEXT, NULL);
    case TOPIC_DESCRIBE:
        for (guint i = 0; i < G_N_ELEMENTS(about_job) && ticket == 0; i++)
            ticket = requests_ticket_of(self->requests, about_job[i], topic->job_id);
        return ticket;
    case TOPIC_NOTIFY:
    case TOPIC_NOTIFY_NEXT:
        return 0;
    }
    return 0;
}

static void
session_on_answer(Session *self, const char *what, const Topic *topic, JobsMessage *message)
{
    guint64 ticket = session_ticket_of_token(self, message->token);
    g_auto(OutboxOutcome) outcome = {0};

    if (message->token == NULL && message->refusal == JOBS_REFUSAL_INVALID_JSON)
        ticket = session_ticket_by_topic(self, topic);
    if (ticket == 0) {
        g_debug("an answer on %s is for somebody else", what);
        return;
    }
    link_health_answered(&self->health);
    if (topic->kind != TOPIC_UPDATE) {
        session_on_question_answer(self, what, topic, ticket, message);
        return;
    }
    if (message->refusal != JOBS_REFUSAL_NONE)
        log_job(G_LOG_LEVEL_INFO, topic->job_id, "the service refused an update: %s (%s)",
                jobs_refusal_to_word(message->refusal),
                message->text != NULL ? message->text : "no reason given");
    if (outbox_answer(self->outbox, ticket, message, session_now(), &outcome))
        session_on_outcome(self, &outcome, message);
}

void
session_on_message(Session *self, const char *topic, const char *payload, gsize length)
{
    g_autoptr(GError) error = NULL;
    Topic kind = {0};

    if (self->state != SESSION_READY)
        return;
    if (session_streams_message(self, topic, payload, length))
        return;
    if (!topics_classify(self->options.thing_name, topic, &kind)) {
        g_debug("a message on a topic that is not ours is left aside");
        return;
    }
    g_autoptr(JobsMessage) message =
        jobs_message_parse(&kind, self->options.thing_name, payload, length, &error);
    if (message == NULL) {
        session_odd(self, topic, error->message);
        /* It meant something: ask what. */
        if (kind.kind == TOPIC_NOTIFY || kind.kind == TOPIC_NOTIFY_NEXT)
            session_plan_pull(self, SESSION_LIST_SETTLES_MS);
        if (kind.kind == TOPIC_NEXT || kind.kind == TOPIC_START_NEXT)
            session_pass_over_unread(self, kind.kind);
    } else if (kind.kind == TOPIC_NOTIFY_NEXT) {
        session_queue_head(self, g_steal_pointer(&message->execution), FALSE);
    } else if (kind.kind == TOPIC_NOTIFY) {
        if (message->pending != NULL)
            session_list_notified(self, message->pending);
    } else {
        session_on_answer(self, topic, &kind, message);
    }
    session_send(self);
    session_maybe_done(self, FALSE);
}

void
session_expire(Session *self)
{
    for (;;) {
        g_autoptr(Request) request = requests_take_expired(self->requests, session_now());
        if (request == NULL)
            return;
        /* Offline nobody could answer: it is asked anew when the link is back. */
        if (request->kind == REQUEST_SAVED && self->state == SESSION_READY)
            outbox_saved(self->outbox, request->id, NULL);
        if (request->kind == REQUEST_LOOK && self->state == SESSION_READY)
            session_list_described(self, request->id, NULL);
        if (request->kind == REQUEST_REFRESH)
            self->callbacks.refreshed(request->id, NULL, ETIMEDOUT, self->user_data);
    }
}
