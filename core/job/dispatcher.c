#include "clock.h"
#include "crash-point.h"
#include "dispatcher-private.h"
#include "report.h"

#include <string.h>

#define JOBS_MAX 256 /* held at once; the service has no reason to send so many */

Dispatcher *
dispatcher_new(const DispatcherOptions *options, Registry *registry, JobStore *store,
               const DispatcherCallbacks *callbacks, gpointer user_data)
{
    Dispatcher *self = g_new0(Dispatcher, 1);

    self->options = options;
    self->registry = registry;
    self->store = store;
    self->callbacks = *callbacks;
    self->user_data = user_data;
    self->jobs = g_ptr_array_new();
    self->leaving = g_ptr_array_new();
    dispatcher_bury_init(self);
    self->quarantine = quarantine_new(QUARANTINE_COOL_DOWN_MS / clock_scale());
    self->reboot = reboot_new((const char *const *)options->reboot_command, options->boot_id_file);
    self->room = G_MAXUINT;
    return self;
}

Job *
dispatcher_find(Dispatcher *self, const ExecutionId *id)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = self->jobs->pdata[i];

        if (execution_id_equal(job->record->id, id)) {
            return job;
        }
    }
    return NULL;
}

void
dispatcher_remove(Dispatcher *self, Job *job)
{
    job->owner = NULL;
    g_ptr_array_remove(self->jobs, job);
    job_unref(job);
}

void
dispatcher_free(Dispatcher *self)
{
    if (!self) {
        return;
    }
    clock_timer_clear(&self->stop_timer);
    clock_timer_clear(&self->going_down);
    clock_timer_clear(&self->disk_timer);
    if (self->stop_idle) {
        g_source_destroy(self->stop_idle);
        g_source_unref(self->stop_idle);
    }
    dispatcher_bury_clear(self);
    for (guint i = 0; i < self->jobs->len; i++) {
        job_run_clear(self->jobs->pdata[i]);
    }
    for (guint i = 0; i < self->leaving->len; i++) {
        runner_process_free(self->leaving->pdata[i]);
    }
    for (guint i = 0; i < self->jobs->len; i++) {
        job_unref(self->jobs->pdata[i]);
    }
    g_ptr_array_unref(self->jobs);
    g_ptr_array_unref(self->leaving);
    quarantine_free(self->quarantine);
    reboot_free(self->reboot);
    g_free(self);
}

static void
on_abandoned_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data)
{
    Dispatcher *self = user_data;

    g_ptr_array_remove_fast(self->leaving, runner);
    runner_process_free(runner);
}

void
dispatcher_abandon(Dispatcher *self, RunnerProcess **runner)
{
    if (*runner) {
        runner_process_abandon(*runner, on_abandoned_ended, self);
        g_ptr_array_add(self->leaving, g_steal_pointer(runner));
    }
}

void
dispatcher_store_failed(Dispatcher *self, const Job *job, const GError *error)
{
    guint64 suppressed = 0;

    if (log_throttle(&self->store_trouble, &suppressed)) {
        log_job(G_LOG_LEVEL_WARNING, job->record->id->job_id,
                "the job's state cannot be written: %s (%" G_GUINT64_FORMAT
                " like this were not shown)",
                error->message, suppressed);
    }
}

/* ---- Calls from outside ---- */

static Job *
add(Dispatcher *self, const ExecutionId *id, const char *document)
{
    JobRecord *record = job_record_new(id);
    Job *job = job_new(self, record);

    record->document = g_strdup(document);
    g_ptr_array_add(self->jobs, job);
    return job;
}

static void
begin(Job *job)
{
    Dispatcher *self = job->owner;
    const char *reason = NULL;
    gboolean ignore = FALSE;
    g_autoptr(GError) error = NULL;

    if (job_plan(job, &reason, &ignore, &error)) {
        return;
    }
    if (!ignore) {
        job_decide(job, EXECUTION_REJECTED, reason, error->message);
        return;
    }
    log_job(G_LOG_LEVEL_MESSAGE, job->record->id->job_id, "left to others: %s", error->message);
    self->callbacks.release(job->record->id, TRUE, self->user_data);
    if (job->owner) {
        dispatcher_remove(self, job);
    }
}

/* What an earlier life had told: where it was is errand's, the rest is a plugin's. */
static void
read_back(Details *details, GHashTable *saved)
{
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;

    if (!saved) {
        return;
    }
    g_hash_table_iter_init(&iter, saved);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        gboolean own = strcmp(key, "step") == 0 || strcmp(key, "progress") == 0;

        details_set(details, own ? DETAILS_OWN : DETAILS_PLUGIN, key, value);
    }
}

void
dispatcher_offer(Dispatcher *self, const ExecutionId *id, ExecutionStatus status,
                 const char *document, GHashTable *saved)
{
    g_autoptr(Job) job = NULL;

    if (dispatcher_find(self, id)) {
        return;
    }
    /* Offered again, it must not lose its new folder. */
    dispatcher_bury_now(self, id);
    if (self->stopping || self->jobs->len >= JOBS_MAX) {
        self->callbacks.release(id, TRUE, self->user_data);
        return;
    }
    job = job_ref(add(self, id, document));
    if (status == EXECUTION_IN_PROGRESS) {
        read_back(job->record->details, saved);
        job_decide(job, EXECUTION_FAILED, "interrupted",
                   "the service has it in progress, but nothing on this gateway's disk tells what "
                   "ran of it: it was not run again");
    } else {
        begin(job);
    }
    /* An offer takes up room at its owner's until told otherwise, so tell it in any case. */
    self->room = G_MAXUINT;
    dispatcher_arrange(self);
}

void
dispatcher_claimed(Dispatcher *self, const ExecutionId *id, gboolean accepted, const char *document)
{
    Job *found = dispatcher_find(self, id);
    g_autoptr(Job) job = NULL;

    if (!found || found->state != LIFE_CLAIMING || found->halted) {
        return;
    }
    job = job_ref(found);
    crash_point("job:claimed");
    if (accepted) {
        job->record->claimed = TRUE;
        job_check_take_document(job, document);
        if (dispatcher_is_going_down(self)) {
            job->held_back = TRUE;
            return;
        }
        job_event(job, LIFE_EVENT_ACCEPTED);
        return;
    }
    job->refused = TRUE;
    g_free(job->outcome);
    job->outcome = g_strdup("NOT-CLAIMED");
    job_event(job, LIFE_EVENT_REFUSED);
}

void
dispatcher_unclaimable(Dispatcher *self, const ExecutionId *id, const char *why)
{
    Job *job = dispatcher_find(self, id);
    g_autofree char *message = g_strdup_printf("the execution cannot be started: %s", why);

    if (job && job->state == LIFE_CLAIMING) {
        job_decide(job, EXECUTION_FAILED, "internal", message);
    }
}

void
dispatcher_reported(Dispatcher *self, const ExecutionId *id, gboolean taken, const char *why)
{
    Job *job = dispatcher_find(self, id);

    if (!job) {
        return;
    }
    crash_point("job:reported");
    if (!taken) {
        log_job(G_LOG_LEVEL_WARNING, id->job_id, "the service does not take %s: %s",
                job->outcome ? job->outcome : "the status", why ? why : "it did not say why");
    }
    job_event(job, LIFE_EVENT_SETTLED);
}

void
dispatcher_gone(Dispatcher *self, const ExecutionId *id, const char *why)
{
    Job *job = dispatcher_find(self, id);

    if (!job) {
        return;
    }
    log_job(G_LOG_LEVEL_MESSAGE, id->job_id, "taken away by the service: %s",
            why ? why : "it did not say why");
    if (job->state != LIFE_REPORTING) {
        report_end(job->record->details, EXECUTION_CANCELED, NULL, why);
    }
    job_away(job);
}

void
dispatcher_time_left(Dispatcher *self, const ExecutionId *id, gint64 seconds)
{
    Job *job = dispatcher_find(self, id);

    if (job) {
        job_time_told(job, seconds);
    }
}

void
dispatcher_refreshed(Dispatcher *self, const ExecutionId *id, const char *document,
                     int error_number)
{
    Job *job = dispatcher_find(self, id);

    if (job && job->runner && job->state == LIFE_RUNNING) {
        job_check_refreshed(job, document, error_number);
    }
}

void
dispatcher_foreach(Dispatcher *self, DispatcherJobFunc func, gpointer user_data)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *job = self->jobs->pdata[i];
        const JobRecord *record = job->record;
        gboolean planned = job->plan && record->step < job->plan->steps->len;
        const PlanStep *step = planned ? job->plan->steps->pdata[record->step] : NULL;
        g_autofree char *text = planned ? report_step_text(job->plan, record->step) : NULL;
        const DispatcherJobView view = {
            .id = record->id,
            .state = lifecycle_word(job->state),
            .operation = step ? step->operation : NULL,
            .step = text,
            .percent = planned ? report_percent(job->plan, record->step, job->percent) : -1,
            .reason = details_get(record->details, "reason"),
            .message =
                job->state == LIFE_REPORTING ? details_get(record->details, "message") : job->word,
        };

        func(&view, user_data);
    }
}
