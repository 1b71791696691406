/* After the end: a step that had begun and did not say how it ended leaves the machine as its
 * plugin thinks right. The verdict is in and stays; it is told when this is over, so that whoever
 * hears of it finds the machine in order. */
#include "clock.h"
#include "dispatcher-private.h"
#include "report.h"

/* As promised in errand/plugin.h. An installer that cannot be stopped is waited for, and the
 * service's timer is kept up meanwhile. */
#define LIMIT_MS (10 * 60 * 1000)

static gboolean
is_told(const Job *self)
{
    return self->record->status != EXECUTION_CANCELED;
}

void
job_clean_over(Job *self)
{
    clock_timer_clear(&self->reboot_timer);
    self->restarting = FALSE;
    self->record->cleanup = NULL;
    job_event(self, is_told(self) ? LIFE_EVENT_DECIDED : LIFE_EVENT_STOPPED);
}

static void
tell(Job *self, const char *word)
{
    g_free(self->word);
    self->word = g_strdup(word);
    if (is_told(self) && self->plan) {
        job_run_tell(self, TRUE);
    }
}

static gboolean
on_heartbeat(gpointer user_data)
{
    job_run_tell(user_data, FALSE);
    return G_SOURCE_CONTINUE;
}

/* The verdict waits on disk until the machine is back, and then the plugin is asked again: whether
 * it is in order now. */
static void
restart(Job *self)
{
    const DispatcherOptions *options = self->owner->options;

    if (options->simulate_reboot || self->record->attempts > options->max_attempts) {
        log_job(G_LOG_LEVEL_WARNING, self->record->id->job_id,
                "the machine is not restarted %s to clean up after the job's end",
                options->simulate_reboot ? "by this command" : "once more");
        job_clean_over(self);
        return;
    }
    self->restarting = TRUE;
    self->timer_minutes = report_timer_longer(self->timer_minutes, options->reboot_timeout_ms);
    job_watch_reboot(self);
    tell(self, "rebooting");
    dispatcher_arrange(self->owner);
}

static void
store(Job *self)
{
    g_autoptr(GError) error = NULL;

    if (!job_store(self, STORED_ENDING, &error)) {
        dispatcher_store_failed(self->owner, self, error);
    }
}

static void
on_checked(RunnerProcess *runner, gpointer user_data)
{
    Job *self = user_data;
    g_autoptr(GBytes) state = job_store_load_state(self->owner->store, self->record->id);

    job_run_note_runner(self);
    store(self);
    runner_process_go(runner, START_CLEANUP, state, LIMIT_MS);
}

/* Not told to the quarantine: one that crashes in every job would never be held back. */
static void
on_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data)
{
    g_autoptr(Job) self = job_ref(user_data);

    self->runner = NULL;
    clock_timer_clear(&self->heartbeat);
    if (verdict->outcome != OUTCOME_SUCCEEDED && verdict->outcome != OUTCOME_REBOOT) {
        log_job(G_LOG_LEVEL_WARNING, self->record->id->job_id,
                "plugin %s could not clean up after the job's end: %s",
                runner_process_plugin(runner),
                verdict->message ? verdict->message : "it was ended");
    }
    if (verdict->outcome != OUTCOME_REBOOT) {
        job_clean_over(self);
    } else if (self->owner->stopping) {
        job_halt(self);
        dispatcher_arrange(self->owner);
    } else {
        restart(self);
    }
    runner_process_free(runner);
}

static RunnerProcess *
start(Job *self, GError **error)
{
    static const RunnerProcessCallbacks callbacks = {on_checked, job_run_on_packet, on_ended};
    const char *operation = self->record->cleanup;
    char empty[] = "{}";
    PlanStep step = {.name = (char *)operation, .operation = (char *)operation, .input = empty};

    if (!self->plan) {
        job_plan_loosely(self);
    }
    if (self->plan && self->record->step < self->plan->steps->len &&
        g_str_equal(job_step(self, self->record->step)->operation, operation)) {
        step = *job_step(self, self->record->step);
    }
    return job_check_launch_cleanup(self, &step, &callbacks, error);
}

void
job_clean(Job *self)
{
    const char *id = self->record->id->job_id;
    g_autoptr(GError) error = NULL;

    job_run_clear(self);
    clock_timer_clear(&self->reboot_timer);
    self->exclusive = TRUE;
    if (self->record->attempts > self->owner->options->max_attempts) {
        log_job(G_LOG_LEVEL_WARNING, id, "%s has tried to clean up %u times: left as it is",
                self->record->cleanup, self->record->attempts);
        job_clean_over(self);
        return;
    }
    self->record->attempts++;
    store(self);
    self->runner = start(self, &error);
    if (!self->runner) {
        log_job(G_LOG_LEVEL_WARNING, id, "%s cannot clean up after the job's end: %s",
                self->record->cleanup, error->message);
        job_clean_over(self);
        return;
    }
    if (is_told(self) && self->plan) {
        self->timer_minutes = MAX(self->timer_minutes, report_timer_minutes(LIMIT_MS));
        self->heartbeat =
            clock_timer_add_scaled(report_heartbeat_ms(self->timer_minutes), on_heartbeat, self);
    }
    tell(self, "cleaning up");
}
