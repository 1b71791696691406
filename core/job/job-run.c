#include "clock.h"
#include "crash-point.h"
#include "dispatcher-private.h"
#include "report.h"

#include <errno.h>

gint64
job_run_limit_ms(Job *self)
{
    const PlanStep *step = job_step(self, self->record->step);
    const Manifest *manifest = registry_lookup(self->owner->registry, step->operation);
    guint plugin_s = self->runner ? runner_process_timeout_s(self->runner) : 0;

    if (step->timeout_s > 0) {
        return (gint64)step->timeout_s * 1000;
    }
    if (plugin_s > 0) {
        return (gint64)plugin_s * 1000;
    }
    if (manifest && manifest->timeout_ms > 0) {
        return manifest->timeout_ms;
    }
    return self->owner->options->default_timeout_ms;
}

/* ---- Progress ---- */

void
job_run_tell(Job *self, gboolean urgent)
{
    g_autoptr(Details) details = details_copy(self->record->details);
    Dispatcher *owner = self->owner;

    report_progress(details, report_percent(self->plan, self->record->step, self->percent),
                    self->word);
    owner->callbacks.progress(self->record->id, self->timer_minutes, details, urgent,
                              owner->user_data);
}

static gboolean
on_progress_idle(gpointer user_data)
{
    Job *self = user_data;

    self->progress_idle = 0;
    job_run_tell(self, FALSE);
    return G_SOURCE_REMOVE;
}

static gboolean
on_heartbeat(gpointer user_data)
{
    job_run_tell(user_data, FALSE);
    return G_SOURCE_CONTINUE;
}

static void
take_progress(Job *self, const Packet *packet)
{
    if (self->state != LIFE_RUNNING) {
        return;
    }
    self->percent = MAX(self->percent, packet->percent);
    g_free(self->word);
    self->word = g_strdup(packet->step);
    if (self->percent >= 0) {
        details_setf(self->record->details, "progress", "%d",
                     report_percent(self->plan, self->record->step, self->percent));
    }
    if (self->progress_idle == 0) {
        self->progress_idle = g_idle_add(on_progress_idle, self);
    }
}

/* ---- What a running plugin asks for ---- */

static void
save_state(Job *self, RunnerProcess *runner, const Packet *packet)
{
    g_autoptr(GError) error = NULL;

    if (job_store_save_state(self->owner->store, self->record->id, packet->state, &error)) {
        self->has_state = packet->state != NULL;
        runner_process_answer(runner, PACKET_SAVED, NULL, 0, NULL);
        return;
    }
    dispatcher_store_failed(self->owner, self, error);
    runner_process_answer(runner, PACKET_SAVED, NULL,
                          g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ? ENOSPC : EIO,
                          error->message);
}

static void
ask_refresh(Job *self, RunnerProcess *runner)
{
    if (self->state == LIFE_RUNNING) {
        self->owner->callbacks.refresh(self->record->id, self->owner->user_data);
    } else {
        runner_process_answer(runner, PACKET_DOCUMENT, NULL, ENOENT, "the execution is gone");
    }
}

static void
gather(Job *self, Details *details, const RunnerProcess *runner, const Verdict *verdict)
{
    gboolean with_stdout = self->plan->include_stdout || verdict->outcome == OUTCOME_FAILED;
    g_autofree char *out = with_stdout ? runner_process_stdout(runner) : NULL;
    g_autofree char *err = runner_process_stderr(runner);

    report_process(details, verdict, out, err);
}

/* What a success without remarks will be stored as. */
static void
expect_success(Job *self, const RunnerProcess *runner)
{
    const Verdict verdict = {.outcome = OUTCOME_SUCCEEDED};
    g_autoptr(Details) details = details_copy(self->record->details);
    JobRecord decided = *self->record;

    if (self->state != LIFE_RUNNING || decided.step + 1 < self->plan->steps->len) {
        return;
    }
    gather(self, details, runner, &verdict);
    report_end(details, EXECUTION_SUCCEEDED, NULL, NULL);
    decided.details = details;
    decided.status = EXECUTION_SUCCEEDED;
    decided.state = STORED_DECIDED;
    job_store_expect(self->owner->store, &decided);
}

void
job_run_on_packet(RunnerProcess *runner, const Packet *packet, gpointer user_data)
{
    Job *self = user_data;

    switch (packet->type) {
    case PACKET_PROGRESS:
        take_progress(self, packet);
        break;
    case PACKET_DETAIL:
        if (packet->key) {
            details_set(self->record->details, DETAILS_PLUGIN, packet->key, packet->text);
        }
        break;
    case PACKET_SAVE:
        save_state(self, runner, packet);
        break;
    case PACKET_REFRESH:
        ask_refresh(self, runner);
        break;
    case PACKET_STREAM:
        job_stream_ask(self, runner, packet);
        break;
    case PACKET_RESULT:
        if (packet->outcome == OUTCOME_SUCCEEDED) {
            expect_success(self, runner);
        }
        break;
    default:
        break;
    }
}

/* ---- Running ---- */

static void
start_heartbeat(Job *self)
{
    clock_timer_clear(&self->heartbeat);
    self->heartbeat =
        clock_timer_add_scaled(report_heartbeat_ms(self->timer_minutes), on_heartbeat, self);
}

/* By what the next life knows it, should this one not see its end. */
void
job_run_note_runner(Job *self)
{
    survivors_note(&self->record->runner, runner_process_group(self->runner));
}

static void
mark_started(const Job *self, JobRecord *record)
{
    record->attempts++;
    record->claimed = TRUE;
    record->resumable = runner_process_is_resumable(self->runner);
    record->cleanup = runner_process_wants_cleanup(self->runner)
                          ? g_intern_string(job_step(self, record->step)->operation)
                          : NULL;
}

/* "Started" is on disk before the plugin hears of it: what may have run is never run twice. */
static gboolean
store_started(Job *self, GError **error)
{
    JobRecord *record = self->record;

    if (self->start == START_FIRST && self->has_state &&
        !job_store_save_state(self->owner->store, record->id, NULL, error)) {
        return FALSE;
    }
    self->has_state = self->has_state && self->start != START_FIRST;
    job_run_note_runner(self);
    mark_started(self, record);
    return job_store(self, STORED_RUNNING, error);
}

void
job_run_expect_go(Job *self)
{
    JobRecord started;

    job_run_note_runner(self);
    started = *self->record;
    mark_started(self, &started);
    started.state = STORED_RUNNING;
    job_store_expect(self->owner->store, &started);
}

void
job_run_go(Job *self)
{
    g_autoptr(GBytes) state = NULL;
    g_autoptr(GError) error = NULL;
    gint64 limit_ms;

    if (!self->runner || !self->ready) {
        return;
    }
    crash_point("job:start");
    if (!store_started(self, &error)) {
        /* What never begins leaves nothing to clean up. */
        self->record->cleanup = self->start == START_FIRST ? NULL : self->record->cleanup;
        dispatcher_store_failed(self->owner, self, error);
        job_decide(self, EXECUTION_FAILED, job_disk_reason(error), error->message);
        return;
    }
    crash_point("job:started");
    limit_ms = job_run_limit_ms(self);
    self->timer_minutes = report_timer_minutes(limit_ms);
    if (self->start != START_FIRST) {
        state = job_store_load_state(self->owner->store, self->record->id);
        self->has_state = state != NULL;
    }
    runner_process_go(self->runner, self->start, state, limit_ms);
    crash_point("job:told-to-go");
    start_heartbeat(self);
    job_time_begin(self, limit_ms);
    dispatcher_bury_meanwhile(self->owner);
    if (self->record->step > 0 || self->start != START_FIRST) {
        job_run_tell(self, TRUE);
    }
}

static void
ask_reboot(Job *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    guint limit = self->owner->options->max_attempts;

    self->record->reboots++;
    if (self->record->reboots > limit) {
        message = g_strdup_printf("the job asked for reboot number %u; [jobs] max-attempts is %u",
                                  self->record->reboots, limit);
        job_decide(self, EXECUTION_FAILED, "not-allowed", message);
        return;
    }
    if (!self->owner->options->simulate_reboot && !reboot_boot_id(self->owner->reboot)) {
        job_decide(self, EXECUTION_FAILED, "internal",
                   "not restarted, for a restart could not be proved: [reboot] boot-id-file cannot "
                   "be read");
        return;
    }
    crash_point("job:reboot");
    if (!job_store(self, STORED_REBOOTING, &error)) {
        dispatcher_store_failed(self->owner, self, error);
        job_decide(self, EXECUTION_FAILED, job_disk_reason(error), error->message);
        return;
    }
    crash_point("job:reboot-stored");
    job_event(self, LIFE_EVENT_REBOOT);
}

/* While errand is ending no step begins: the record says which is next, not begun. */
static void
leave_for_next_life(Job *self)
{
    g_autoptr(GError) error = NULL;

    if (!job_store(self, STORED_RUNNING, &error)) {
        dispatcher_store_failed(self->owner, self, error);
    }
    job_halt(self);
    dispatcher_arrange(self->owner);
}

static void
next_step(Job *self)
{
    JobRecord *record = self->record;

    if (record->step + 1 >= self->plan->steps->len) {
        job_decide(self, EXECUTION_SUCCEEDED, NULL, NULL);
        return;
    }
    record->step++;
    record->attempts = 0;
    self->start = START_FIRST;
    self->percent = 0;
    g_clear_pointer(&self->word, g_free);
    report_step(record->details, self->plan, record->step);
    details_setf(record->details, "progress", "%d", report_percent(self->plan, record->step, 0));
    if (self->owner->stopping) {
        leave_for_next_life(self);
        return;
    }
    self->ready = FALSE;
    job_check_start_runner(self, record->step, FALSE, &self->runner);
}

static void
step_failed(Job *self, const Verdict *verdict)
{
    const PlanStep *step = job_step(self, self->record->step);
    char *before = self->record->failed_steps;

    /* What has to be cleaned up is no failure to go on from. */
    if (!step->ignore_failure || self->time.over || self->record->cleanup) {
        job_decide(self, job_status_of(verdict->outcome), verdict->reason, verdict->message);
        return;
    }
    log_job(G_LOG_LEVEL_MESSAGE, self->record->id->job_id, "step %s failed (%s: %s), ignored",
            step->name, verdict->reason, verdict->message);
    self->record->failed_steps =
        before ? g_strjoin(", ", before, step->name, NULL) : g_strdup(step->name);
    g_free(before);
    next_step(self);
}

void
job_run_on_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data)
{
    g_autoptr(Job) self = job_ref(user_data);

    self->runner = NULL;
    clock_timer_clear(&self->heartbeat);
    job_stream_end(self);
    job_time_end(self);
    job_check_note_end(self, runner, verdict);
    if (runner_process_is_done(runner)) {
        self->record->cleanup = NULL;
    }
    if (self->state == LIFE_CANCELLING) {
        job_end(self, LIFE_EVENT_STOPPED);
    } else {
        gather(self, self->record->details, runner, verdict);
        if (self->state != LIFE_RUNNING) {
            job_decide(self, job_status_of(verdict->outcome), verdict->reason, verdict->message);
        } else if (verdict->outcome == OUTCOME_SUCCEEDED) {
            next_step(self);
        } else if (verdict->outcome == OUTCOME_REBOOT) {
            ask_reboot(self);
        } else {
            step_failed(self, verdict);
        }
    }
    runner_process_free(runner);
}

/* ---- Stopping ---- */

void
job_run_stop(Job *self)
{
    dispatcher_abandon(self->owner, &self->checker);
    clock_timer_clear(&self->heartbeat);
    job_time_end(self);
    g_clear_handle_id(&self->progress_idle, g_source_remove);
    if (self->runner) {
        runner_process_cancel(self->runner);
    } else {
        job_end(self, LIFE_EVENT_STOPPED);
    }
}

void
job_run_clear(Job *self)
{
    g_clear_handle_id(&self->progress_idle, g_source_remove);
    clock_timer_clear(&self->heartbeat);
    job_stream_end(self);
    job_time_end(self);
    if (self->owner) {
        dispatcher_abandon(self->owner, &self->runner);
        dispatcher_abandon(self->owner, &self->checker);
    }
}
