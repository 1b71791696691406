#include "clock.h"
#include "crash-point.h"
#include "dispatcher-private.h"
#include "report.h"

#define STORE_RETRY_MS 30000

Job *
job_new(Dispatcher *owner, JobRecord *record)
{
    Job *self = g_rc_box_new0(Job);

    self->owner = owner;
    self->record = record;
    self->state = LIFE_WAITING;
    self->percent = -1;
    return self;
}

Job *
job_ref(Job *self)
{
    return g_rc_box_acquire(self);
}

static void
clear(gpointer data)
{
    Job *self = data;

    job_run_clear(self);
    clock_timer_clear(&self->reboot_timer);
    clock_timer_clear(&self->store_timer);
    plan_free(self->plan);
    job_record_free(self->record);
    g_free(self->outcome);
    g_free(self->word);
}

void
job_unref(Job *self)
{
    g_rc_box_release_full(self, clear);
}

const char *
job_disk_reason(const GError *error)
{
    return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? "no-space" : "internal";
}

const PlanStep *
job_step(const Job *self, guint index)
{
    return self->plan->steps->pdata[index];
}

ExecutionStatus
job_status_of(Outcome outcome)
{
    return outcome == OUTCOME_REJECTED ? EXECUTION_REJECTED : EXECUTION_FAILED;
}

gboolean
job_store(Job *self, StoredState state, GError **error)
{
    gboolean good;

    self->record->state = state;
    g_free(self->record->boot_id);
    self->record->boot_id = g_strdup(reboot_boot_id(self->owner->reboot));
    good = self->stored ? job_store_update(self->owner->store, self->record, error)
                        : job_store_create(self->owner->store, self->record, error);
    self->stored = self->stored || good;
    return good;
}

static void
claim(Job *self)
{
    Dispatcher *owner = self->owner;

    self->timer_minutes = report_timer_minutes(job_run_limit_ms(self));
    report_step(self->record->details, self->plan, self->record->step);
    owner->callbacks.claim(self->record->id, self->timer_minutes, self->record->details,
                           owner->user_data);
    if (self->state == LIFE_CLAIMING) {
        job_run_expect_go(self);
    }
}

static gboolean
on_store_retry(gpointer user_data)
{
    Job *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!job_store(self, STORED_DECIDED, &error)) {
        dispatcher_store_failed(self->owner, self, error);
        return G_SOURCE_CONTINUE;
    }
    log_throttle_reset(&self->owner->store_trouble);
    return G_SOURCE_REMOVE;
}

/* A verdict that cannot be written is sent all the same: a wrong "interrupted" after a crash in
 * just these seconds is less bad than a job that nobody hears of while the disk is full. */
static void
report(Job *self)
{
    Dispatcher *owner = self->owner;
    g_autoptr(GError) error = NULL;

    job_run_clear(self);
    clock_timer_clear(&self->reboot_timer);
    crash_point("job:decide");
    if (!job_store(self, STORED_DECIDED, &error)) {
        dispatcher_store_failed(owner, self, error);
        self->store_timer = clock_timer_add_scaled(STORE_RETRY_MS, on_store_retry, self);
    }
    crash_point("job:decided");
    owner->callbacks.finish(self->record->id, self->record->status, self->record->details,
                            owner->user_data);
    crash_point("job:finish-called");
    if (self->owner) {
        dispatcher_arrange(owner);
    }
}

static void
drop(Job *self)
{
    Dispatcher *owner = self->owner;

    job_run_clear(self);
    clock_timer_clear(&self->reboot_timer);
    clock_timer_clear(&self->store_timer);
    dispatcher_bury(owner, self);
    if (self->refused) {
        owner->callbacks.release(self->record->id, FALSE, owner->user_data);
    }
    dispatcher_arrange(owner);
}

static void
give_back(Job *self)
{
    Dispatcher *owner = self->owner;

    job_run_clear(self);
    job_store_forget(owner->store, self->record->id);
    dispatcher_remove(owner, self);
    dispatcher_pause(owner);
    owner->callbacks.release(self->record->id, TRUE, owner->user_data);
    dispatcher_arrange(owner);
}

static gboolean
on_reboot_limit(gpointer user_data)
{
    g_autoptr(Job) self = job_ref(user_data);
    const char *fault = reboot_fault(self->owner->reboot);
    g_autofree char *message = g_strdup_printf(
        "the machine was not restarted within %" G_GINT64_FORMAT " s%s%s",
        self->owner->options->reboot_timeout_ms / 1000, fault ? ": " : "", fault ? fault : "");

    clock_timer_clear(&self->reboot_timer);
    /* Not even asked for: other jobs still work. Their end may take longer than a restart. */
    if (!self->owner->going_down) {
        job_watch_reboot(self);
        job_run_tell(self, FALSE);
        return G_SOURCE_REMOVE;
    }
    dispatcher_stay_up(self->owner);
    if (self->state == LIFE_CLEANING) {
        log_job(G_LOG_LEVEL_WARNING, self->record->id->job_id, "%s", message);
        job_clean_over(self);
        return G_SOURCE_REMOVE;
    }
    job_decide(self, EXECUTION_FAILED, "reboot-did-not-happen", message);
    return G_SOURCE_REMOVE;
}

void
job_watch_reboot(Job *self)
{
    self->reboot_timer =
        clock_timer_add(self->owner->options->reboot_timeout_ms, on_reboot_limit, self);
}

static void
await_reboot(Job *self)
{
    const DispatcherOptions *options = self->owner->options;

    job_run_clear(self);
    g_free(self->word);
    self->word = g_strdup("rebooting");
    if (options->simulate_reboot) {
        log_job(G_LOG_LEVEL_MESSAGE, self->record->id->job_id,
                "a reboot is asked for: pretending that it happened");
        self->start = START_REBOOTED;
        self->resumed = TRUE;
        self->pretended = TRUE;
        self->record->attempts = 0;
        job_event(self, LIFE_EVENT_REBOOTED);
        return;
    }
    self->timer_minutes = report_timer_longer(self->timer_minutes, options->reboot_timeout_ms);
    job_watch_reboot(self);
    job_run_tell(self, TRUE);
    if (self->owner) {
        dispatcher_arrange(self->owner);
    }
}

void
job_end(Job *self, LifeEvent event)
{
    gboolean unclean = self->record->cleanup &&
                       lifecycle_next(self->state, LIFE_EVENT_UNCLEAN).action != LIFE_NOTHING;

    job_event(self, unclean ? LIFE_EVENT_UNCLEAN : event);
}

void
job_away(Job *self)
{
    gboolean runner_first = lifecycle_next(self->state, LIFE_EVENT_AWAY).action != LIFE_DROP;

    if (self->state == LIFE_REPORTING) {
        job_event(self, LIFE_EVENT_AWAY);
        return;
    }
    self->record->status = EXECUTION_CANCELED;
    if (runner_first) {
        job_event(self, LIFE_EVENT_AWAY);
    } else {
        job_end(self, LIFE_EVENT_AWAY);
    }
}

static void
act(Job *self, LifeAction action)
{
    switch (action) {
    case LIFE_NOTHING:
        break;
    case LIFE_CHECK:
        job_check_begin(self);
        break;
    case LIFE_CLAIM:
        claim(self);
        break;
    case LIFE_GO:
        job_run_go(self);
        break;
    case LIFE_CLEAN:
        self->record->attempts = 0;
        job_clean(self);
        break;
    case LIFE_REPORT:
        report(self);
        break;
    case LIFE_STOP:
        job_run_stop(self);
        break;
    case LIFE_DROP:
        drop(self);
        break;
    case LIFE_GIVE_BACK:
        give_back(self);
        break;
    case LIFE_AWAIT_REBOOT:
        await_reboot(self);
        break;
    }
}

void
job_event(Job *job, LifeEvent event)
{
    g_autoptr(Job) self = job_ref(job);
    gboolean ends =
        event == LIFE_EVENT_SETTLED || event == LIFE_EVENT_AWAY || event == LIFE_EVENT_STOPPED;
    LifeStep step = lifecycle_next(self->state, event);

    if (!self->owner || step.action == LIFE_NOTHING || (self->halted && !ends)) {
        return;
    }
    log_job(G_LOG_LEVEL_DEBUG, self->record->id->job_id, "%s -> %s", lifecycle_word(self->state),
            lifecycle_word(step.next));
    self->state = step.next;
    act(self, step.action);
}

void
job_decide(Job *self, ExecutionStatus status, const char *reason, const char *message)
{
    JobRecord *record = self->record;
    g_autofree char *ignored = NULL;

    if (lifecycle_next(self->state, LIFE_EVENT_DECIDED).action == LIFE_NOTHING || self->halted) {
        return;
    }
    if (!message && self->pretended) {
        message = "the reboot was only pretended";
    }
    if (!message && record->failed_steps) {
        ignored =
            g_strdup_printf("failed steps, ignored as the document says: %s", record->failed_steps);
        message = ignored;
    }
    record->status = status;
    if (status != EXECUTION_SUCCEEDED && self->plan) {
        report_failed_step(record->details, self->plan, record->step);
    }
    report_end(record->details, status, reason, message);
    g_free(self->outcome);
    self->outcome = g_strdup(execution_status_to_word(status));
    log_job(status == EXECUTION_SUCCEEDED ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING,
            record->id->job_id, "%s%s%s%s%s", self->outcome, reason ? " " : "",
            reason ? reason : "", message ? ": " : "", message ? message : "");
    job_end(self, LIFE_EVENT_DECIDED);
}

void
job_halt(Job *self)
{
    self->halted = TRUE;
    job_run_clear(self);
    clock_timer_clear(&self->reboot_timer);
}
