#include "crash-point.h"
#include "session-private.h"

#include <string.h>

void
session_watch_all(Session *self, GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++)
        if (!requests_has(self->requests, REQUEST_SAVED, ids->pdata[i]))
            requests_put(self->requests, REQUEST_WATCH, ids->pdata[i], 0, session_now());
    g_ptr_array_unref(ids);
}

void
session_plan_pull(Session *self, gint64 delay_ms)
{
    gint64 when_ms = session_now() + delay_ms / (gint64)clock_scale();

    self->pull_ms = MIN(self->pull_ms, when_ms);
}

void
session_pull(Session *self)
{
    static const RequestKind kinds[] = {
        [SESSION_NEXT] = REQUEST_NEXT,
        [SESSION_START_NEXT] = REQUEST_START_NEXT,
        [SESSION_AVAILABLE] = REQUEST_LIST,
    };
    RequestKind kind = kinds[self->options.workflow];

    self->pull_ms = ATTEMPTS_NEVER;
    if (self->room == 0 || self->stopping)
        return;
    /* start-next would only return the execution that runs. */
    if (kind == REQUEST_START_NEXT && held_count(self->held, HELD_RUNNING) +
                                              held_count(self->held, HELD_OFFERED) +
                                              held_count(self->held, HELD_CLAIMING) >
                                          0)
        return;
    requests_put(self->requests, kind, NULL, 0, session_now());
}

void
session_resync(Session *self)
{
    self->resync_ms = session_now() + self->options.resync_interval_ms;
    self->refused_said = FALSE;
    self->fruitless = 0;
    session_watch_all(self, held_running(self->held));
    session_pull(self);
}

void
session_ask_saved(Session *self)
{
    g_autoptr(GPtrArray) ids = outbox_awaiting_saved(self->outbox);

    for (guint i = 0; i < ids->len; i++) {
        requests_cancel(self->requests, REQUEST_SAVED, ids->pdata[i]);
        requests_put(self->requests, REQUEST_SAVED, ids->pdata[i],
                     SESSION_ASK_TRIES * self->options.request_timeout_ms, session_now());
    }
}

void
session_queue_ready(Session *self)
{
    session_ask_saved(self);
    self->doubts = 0;
    self->doubtful = FALSE;
    session_resync(self);
}

void
session_offer(Session *self, const JobsExecution *execution)
{
    crash_point("session:offer");
    held_set(self->held, execution->id, HELD_OFFERED);
    self->room_said = FALSE;
    self->pull_ms = ATTEMPTS_NEVER;
    self->callbacks.offered(execution, self->user_data);
    /* Until the owner says otherwise, what was offered takes up room. */
    if (!self->room_said && self->room > 0)
        self->room--;
}

gboolean
session_is_news(Session *self, const JobsExecution *execution)
{
    if (execution_status_is_final(execution->status))
        return FALSE;
    HeldPhase phase = held_get(self->held, execution->id);
    if (phase == HELD_UNKNOWN || phase == HELD_LEFT)
        return TRUE;
    log_job(G_LOG_LEVEL_DEBUG, execution->id->job_id, "seen again, nothing to do");
    return FALSE;
}

/* An execution with this process's mark was started by its start-next and by nobody else; one with
 * the mark of an earlier life had no claim accepted as long as its version is the one that
 * start-next gave it. To its owner, one that nobody has worked on is a queued one. */
static void
session_unmark(const Session *self, JobsExecution *execution)
{
    const char *mark = g_hash_table_lookup(execution->details, SESSION_MARKER_KEY);
    gboolean untouched = FALSE;

    if (mark == NULL)
        return;
    untouched = strcmp(mark, self->run) == 0 || (g_str_has_prefix(mark, SESSION_RUN_PREFIX) &&
                                                 execution->version <= SESSION_STARTED_VERSION);
    if (untouched && execution->status == EXECUTION_IN_PROGRESS)
        execution->status = EXECUTION_QUEUED;
    g_hash_table_remove(execution->details, SESSION_MARKER_KEY);
}

static void
session_consider(Session *self, JobsExecution *execution)
{
    g_autoptr(JobsExecution) owned = execution;

    g_clear_pointer(&self->head, jobs_execution_free);
    if (self->stopping || !session_is_news(self, owned))
        return;
    if (self->room == 0) {
        self->head = g_steal_pointer(&owned);
        self->head_ms = session_now();
        return;
    }
    if (self->options.workflow == SESSION_START_NEXT && owned->status == EXECUTION_QUEUED) {
        session_pull(self);
        return;
    }
    session_unmark(self, owned);
    session_offer(self, owned);
    if (held_get(self->held, owned->id) == HELD_LEFT)
        session_pass_over(self, owned);
}

void
session_queue_offer_head(Session *self)
{
    JobsExecution *head = g_steal_pointer(&self->head);

    if (head == NULL)
        return;
    if (self->room == 0) {
        self->head = head;
        return;
    }
    if (session_now() - self->head_ms < SESSION_HEAD_FRESH_MS) {
        session_consider(self, head);
        return;
    }
    jobs_execution_free(head);
    session_pull(self);
}

/* An empty answer right after a list that named something: the service is catching up. */
static void
session_doubt(Session *self, gboolean asked)
{
    if (!asked || !self->doubtful || self->room == 0 || self->doubts >= SESSION_DOUBTS_MAX) {
        g_debug("nothing is pending");
        return;
    }
    session_plan_pull(self, (gint64)SESSION_LIST_SETTLES_MS << self->doubts);
    self->doubts++;
}

void
session_queue_head(Session *self, JobsExecution *execution, gboolean asked)
{
    if (self->options.workflow == SESSION_AVAILABLE) {
        jobs_execution_free(execution);
        return;
    }
    session_watch_all(self, held_not_head(self->held, execution));
    /* A notification may leave the time out. */
    if (execution != NULL && execution->seconds_left >= 0)
        session_tell_time(self, execution);
    if (execution == NULL) {
        g_clear_pointer(&self->head, jobs_execution_free);
        session_doubt(self, asked);
        return;
    }
    self->doubtful = FALSE;
    self->doubts = 0;
    if (!session_pass_over_if_over(self, execution, asked))
        session_consider(self, execution);
    else
        jobs_execution_free(execution);
}

void
session_queue_started(Session *self, JobsExecution *execution)
{
    if (execution == NULL) {
        session_queue_head(self, NULL, TRUE);
        return;
    }
    session_watch_all(self, held_not_head(self->held, execution));
    self->doubtful = FALSE;
    session_unmark(self, execution);
    session_recognize(self, execution, SESSION_STARTED_VERSION);
    if (!session_pass_over_if_over(self, execution, TRUE) && session_is_news(self, execution) &&
        !self->stopping)
        session_offer(self, execution);
    jobs_execution_free(execution);
}
