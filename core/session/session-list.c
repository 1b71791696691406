/* Lists of executions: what `available` chooses from, and what lies behind a head of the queue that
 * is over for us. */
#include "session-private.h"

/* One that is never described must not take up the room of others. */
static void
session_look(Session *self, const ExecutionId *id)
{
    requests_put(self->requests, REQUEST_LOOK, id,
                 SESSION_ASK_TRIES * self->options.request_timeout_ms, session_now());
}

/* ---- Behind a head that is over ---- */

static void
session_say_refused(Session *self, const GPtrArray *pending)
{
    for (guint i = 0; i < pending->len && !self->refused_said; i++) {
        const ExecutionId *id = ((const JobsPending *)pending->pdata[i])->id;
        if (held_get(self->held, id) != HELD_REFUSED)
            continue;
        self->refused_said = TRUE;
        log_job(G_LOG_LEVEL_WARNING, id->job_id,
                "the service refuses every status of execution %" G_GINT64_FORMAT
                ", but still has it: it is passed over; end it with aws iot cancel-job-execution "
                "--force",
                id->number);
    }
}

void
session_pass_over_unread(Session *self, TopicKind kind)
{
    RequestKind question = kind == TOPIC_NEXT ? REQUEST_NEXT : REQUEST_START_NEXT;
    guint64 ticket = requests_ticket_of(self->requests, question, NULL);

    if (ticket == 0 || self->room == 0 || self->stopping)
        return;
    requests_refused(self->requests, ticket, session_now());
    requests_put(self->requests, REQUEST_LIST, NULL, 0, session_now());
}

void
session_pass_over(Session *self, const JobsExecution *execution)
{
    log_job(G_LOG_LEVEL_DEBUG, execution->id->job_id, "heads the queue, looking behind it");
    requests_put(self->requests, REQUEST_LIST, NULL, 0, session_now());
}

gboolean
session_pass_over_if_over(Session *self, const JobsExecution *execution, gboolean asked)
{
    HeldPhase phase = held_get(self->held, execution->id);
    gboolean anew = phase == HELD_DONE && execution->status == EXECUTION_QUEUED &&
                    execution->version <= SESSION_QUEUED_VERSION;

    if (phase != HELD_OVER && phase != HELD_DONE && phase != HELD_REFUSED &&
        !execution_status_is_final(execution->status))
        return FALSE;
    if (self->room == 0 || self->stopping)
        return TRUE;
    /* What comes by itself may be late. */
    if (!asked && anew)
        session_plan_pull(self, SESSION_LIST_SETTLES_MS);
    else if (anew)
        session_look(self, execution->id);
    else if (asked)
        session_pass_over(self, execution);
    return TRUE;
}

/* ---- Lists ---- */

static gint
session_by_age(gconstpointer a, gconstpointer b)
{
    const JobsPending *left = *(JobsPending *const *)a;
    const JobsPending *right = *(JobsPending *const *)b;

    if (left->in_progress != right->in_progress)
        return left->in_progress ? -1 : 1;
    return (left->id->queued_at > right->id->queued_at) -
           (left->id->queued_at < right->id->queued_at);
}

/* FALSE when there was no room for all in that phase. */
static gboolean
session_look_at_those(Session *self, const GPtrArray *sorted, HeldPhase phase)
{
    guint looks = requests_count(self->requests, REQUEST_LOOK);

    for (guint i = 0; i < sorted->len; i++) {
        const JobsPending *line = sorted->pdata[i];
        if (held_get(self->held, line->id) != phase ||
            requests_has(self->requests, REQUEST_LOOK, line->id))
            continue;
        if (looks++ >= self->room)
            return FALSE;
        session_look(self, line->id);
    }
    return TRUE;
}

static gboolean
session_list_has_unknown(Session *self, const GPtrArray *pending)
{
    for (guint i = 0; i < pending->len; i++)
        if (held_get(self->held, ((const JobsPending *)pending->pdata[i])->id) == HELD_UNKNOWN)
            return TRUE;
    return FALSE;
}

/* One that is done may be queued anew under its name; a question will tell. */
static gboolean
session_list_has_done(Session *self, const GPtrArray *pending)
{
    for (guint i = 0; i < pending->len; i++) {
        const JobsPending *line = pending->pdata[i];
        if (!line->in_progress && held_get(self->held, line->id) == HELD_DONE)
            return TRUE;
    }
    return FALSE;
}

/* Running ones first, then the oldest, those given back last; never more than there is room for. */
static void
session_look_at(Session *self, const GPtrArray *pending, gboolean asked)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (guint i = 0; i < pending->len; i++)
        g_ptr_array_add(sorted, pending->pdata[i]);
    g_ptr_array_sort(sorted, session_by_age);
    self->more_listed = !session_look_at_those(self, sorted, HELD_UNKNOWN);
    session_look_at_those(self, sorted, HELD_LEFT);
    if (asked)
        session_look_at_those(self, sorted, HELD_DONE);
    else if (session_list_has_done(self, pending))
        session_plan_pull(self, SESSION_LIST_SETTLES_MS);
}

void
session_list_notified(Session *self, const GPtrArray *pending)
{
    session_watch_all(self, held_not_listed(self->held, pending));
    if (self->stopping)
        return;
    if (self->options.workflow == SESSION_AVAILABLE) {
        self->pull_ms = ATTEMPTS_NEVER;
        session_look_at(self, pending, FALSE);
        return;
    }
    self->doubtful =
        session_list_has_unknown(self, pending) || session_list_has_done(self, pending);
    if (self->doubtful && self->room > 0)
        session_plan_pull(self, SESSION_LIST_SETTLES_MS);
}

void
session_list_answered(Session *self, const GPtrArray *pending)
{
    session_watch_all(self, held_not_listed(self->held, pending));
    if (self->stopping)
        return;
    session_say_refused(self, pending);
    session_look_at(self, pending, TRUE);
}

/* A final status is never taken back, and was taken before this was asked: what is queued and
 * untouched now was made anew, within the second that its time of queueing tells. */
void
session_recognize(Session *self, const JobsExecution *execution, gint64 version)
{
    if (held_get(self->held, execution->id) != HELD_DONE || execution->status != EXECUTION_QUEUED ||
        execution->version > version)
        return;
    log_job(G_LOG_LEVEL_MESSAGE, execution->id->job_id, "queued anew under the same id and number");
    held_forget(self->held, execution->id);
}

/* The list may be behind, or the service unable to describe what it lists: a few questions. */
static void
session_list_again(Session *self)
{
    if (self->room == 0 || self->fruitless >= SESSION_DOUBTS_MAX)
        return;
    session_plan_pull(self, (gint64)SESSION_LIST_SETTLES_MS << self->fruitless);
    self->fruitless++;
}

void
session_list_described(Session *self, const ExecutionId *id, JobsExecution *execution)
{
    g_autoptr(JobsExecution) owned = execution;

    if (owned != NULL && self->room > 0)
        session_recognize(self, owned, SESSION_QUEUED_VERSION);
    if (owned != NULL && self->room > 0 && !self->stopping && session_is_news(self, owned)) {
        self->fruitless = 0;
        session_offer(self, owned);
    } else {
        /* The others go first from now on. */
        if (owned == NULL && held_get(self->held, id) == HELD_UNKNOWN)
            held_set(self->held, id, HELD_LEFT);
        session_list_again(self);
    }
    if (self->more_listed)
        session_pull(self);
}
