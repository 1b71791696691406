#include "clock.h"
#include "dispatcher-private.h"
#include "report.h"
#include "vet.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void on_checked(RunnerProcess *runner, gpointer user_data);
static void on_checker_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data);

/* ---- Starting runners ---- */

static Packet *
make_start(Job *self, const PlanStep *step, const Manifest *manifest)
{
    GHashTable *all = self->owner->options->settings;
    GHashTable *settings = all ? g_hash_table_lookup(all, manifest->name) : NULL;
    Packet *packet = packet_new(PACKET_START);

    packet->protocol = PACKET_PROTOCOL;
    packet->job_id = g_strdup(self->record->id->job_id);
    packet->operation = g_strdup(step->operation);
    packet->step = g_strdup(step->name);
    packet->document = g_strdup(step->input);
    packet->user = g_strdup(step->user);
    packet->account = g_strdup(manifest->user);
    packet->plugin = g_strdup(manifest->name);
    if (settings) {
        g_hash_table_unref(packet->settings);
        packet->settings = g_hash_table_ref(settings);
    }
    return packet;
}

/* -1 also for a plugin that is quarantined. */
static int
open_module(Dispatcher *dispatcher, const Manifest *manifest, GError **error)
{
    int fd = registry_open_module(dispatcher->registry, manifest, error);
    struct stat module = {0};

    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &module) == 0 &&
        !quarantine_admit(dispatcher->quarantine, manifest->name, &module, clock_now(), error)) {
        close(fd);
        return -1;
    }
    return fd;
}

void
job_check_note_end(Job *self, const RunnerProcess *runner, const Verdict *verdict)
{
    const char *plugin = runner_process_plugin(runner);

    if (quarantine_ended(self->owner->quarantine, plugin, verdict, clock_now())) {
        log_job(G_LOG_LEVEL_WARNING, self->record->id->job_id,
                "plugin %s crashed %d times in a row and is not started any more until its module "
                "changes, errandd is restarted or %d minutes have passed",
                plugin, QUARANTINE_CRASHES, QUARANTINE_COOL_DOWN_MS / 60000);
    }
}

static gboolean
give_directory(Job *self, Packet *start, guint index, gboolean fresh, GError **error)
{
    start->private_directory = job_store_private_directory(self->owner->store, self->record->id,
                                                           index, fresh, start->account, error);
    return start->private_directory != NULL;
}

/* Takes the module. */
static RunnerProcess *
launch(Job *self, const Packet *start, int module, const RunnerProcessCallbacks *callbacks,
       GError **error)
{
    const DispatcherOptions *options = self->owner->options;
    const RunnerProcessOptions how = {options->runner, module, start, options->cancel_grace_ms};
    RunnerProcess *runner = runner_process_start(&how, callbacks, self, error);

    close(module);
    return runner;
}

static RunnerProcess *
launch_check(Job *self, guint index, const Manifest *manifest, GError **error)
{
    static const RunnerProcessCallbacks callbacks = {NULL, NULL, on_checker_ended};
    g_autoptr(Packet) start = make_start(self, job_step(self, index), manifest);
    int module = open_module(self->owner, manifest, error);

    start->check_only = TRUE;
    return module < 0 ? NULL : launch(self, start, module, &callbacks, error);
}

static RunnerProcess *
launch_step(Job *self, guint index, const Manifest *manifest, GError **error)
{
    static const RunnerProcessCallbacks callbacks = {on_checked, job_run_on_packet,
                                                     job_run_on_ended};
    g_autoptr(Packet) start = make_start(self, job_step(self, index), manifest);
    int module;

    start->goes_on = self->start != START_FIRST;
    if (!give_directory(self, start, index, !start->goes_on, error)) {
        return NULL;
    }
    module = open_module(self->owner, manifest, error);
    return module < 0 ? NULL : launch(self, start, module, &callbacks, error);
}

/* Quarantined or not: this is the one thing left to be tried. */
RunnerProcess *
job_check_launch_cleanup(Job *self, const PlanStep *step, const RunnerProcessCallbacks *callbacks,
                         GError **error)
{
    const Manifest *manifest = registry_lookup(self->owner->registry, step->operation);
    g_autoptr(Packet) start = NULL;
    int module;

    if (!manifest) {
        g_set_error(error, PLAN_ERROR, PLAN_ERROR_UNKNOWN_OPERATION,
                    "no plugin here serves operation %s any more", step->operation);
        return NULL;
    }
    start = make_start(self, step, manifest);
    start->goes_on = TRUE;
    if (!give_directory(self, start, self->record->step, FALSE, error)) {
        return NULL;
    }
    module = registry_open_module(self->owner->registry, manifest, error);
    return module < 0 ? NULL : launch(self, start, module, callbacks, error);
}

/* The disk's fault, and nobody was promised anything yet: the job can wait for a better day. */
static gboolean
can_wait(const Job *self, const GError *error)
{
    return self->state == LIFE_CHECKING && !self->stored &&
           (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ||
            g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ROFS) ||
            g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_IO));
}

static void
launch_failed(Job *self, const GError *error)
{
    if (can_wait(self, error)) {
        dispatcher_store_failed(self->owner, self, error);
        job_event(self, LIFE_EVENT_UNSTORED);
        return;
    }
    if (g_error_matches(error, QUARANTINE_ERROR, QUARANTINE_ERROR_HELD)) {
        job_decide(self, EXECUTION_FAILED, "crashed", error->message);
    } else if (g_error_matches(error, VET_ERROR, VET_ERROR_UNTRUSTED)) {
        job_decide(self, EXECUTION_REJECTED, "not-allowed", error->message);
    } else if (g_error_matches(error, VET_ERROR, VET_ERROR_MISSING)) {
        job_decide(self, EXECUTION_REJECTED, "not-found", error->message);
    } else {
        job_decide(self, EXECUTION_FAILED, job_disk_reason(error), error->message);
    }
}

gboolean
job_check_start_runner(Job *self, guint index, gboolean check_only, RunnerProcess **runner)
{
    const PlanStep *step = job_step(self, index);
    const Manifest *manifest = registry_lookup(self->owner->registry, step->operation);
    g_autoptr(GError) error = NULL;

    if (!manifest) {
        g_autofree char *message =
            g_strdup_printf("no plugin here serves operation %s any more", step->operation);

        job_decide(self, EXECUTION_FAILED, "unknown-operation", message);
        return FALSE;
    }
    *runner = check_only ? launch_check(self, index, manifest, &error)
                         : launch_step(self, index, manifest, &error);
    if (!*runner) {
        launch_failed(self, error);
    }
    return *runner != NULL;
}

/* ---- Checks ---- */

static gboolean
start_next_check(Job *self)
{
    if (self->checked >= self->plan->steps->len) {
        return TRUE;
    }
    return job_check_start_runner(self, self->checked, TRUE, &self->checker);
}

static void
conclude_checks(Job *self)
{
    if (self->ready && self->stored && self->checked >= self->plan->steps->len) {
        job_event(self, self->resumed ? LIFE_EVENT_RESUMED : LIFE_EVENT_CHECKED);
    }
}

void
job_check_begin(Job *self)
{
    g_autoptr(GError) error = NULL;

    self->ready = FALSE;
    self->checked = self->resumed ? self->plan->steps->len : self->record->step + 1;
    if (!job_check_start_runner(self, self->record->step, FALSE, &self->runner) ||
        !start_next_check(self)) {
        return;
    }
    if (!self->stored && !job_store(self, STORED_CLAIMING, &error)) {
        dispatcher_store_failed(self->owner, self, error);
        job_event(self, LIFE_EVENT_UNSTORED);
    }
}

static void
on_checked(RunnerProcess *runner, gpointer user_data)
{
    Job *self = user_data;

    self->ready = TRUE;
    if (self->state == LIFE_RUNNING) {
        job_run_go(self);
    } else {
        conclude_checks(self);
    }
}

static void
on_checker_ended(RunnerProcess *runner, const Verdict *verdict, gpointer user_data)
{
    Job *self = user_data;

    self->checker = NULL;
    if (verdict->end == VERDICT_END_CRASHED) {
        job_check_note_end(self, runner, verdict);
    }
    if (verdict->outcome == OUTCOME_SUCCEEDED) {
        self->checked++;
        if (start_next_check(self)) {
            conclude_checks(self);
        }
    } else {
        report_step(self->record->details, self->plan, self->checked);
        job_decide(self, job_status_of(verdict->outcome), verdict->reason, verdict->message);
    }
    runner_process_free(runner);
}

/* ---- A document that came anew ---- */

void
job_check_take_document(Job *self, const char *document)
{
    g_autoptr(Plan) plan = NULL;
    gboolean same;

    if (!document || strcmp(document, self->record->document) == 0) {
        return;
    }
    plan = job_plan_again(self, document);
    if (!plan) {
        return;
    }
    same = strcmp(job_step(self, 0)->input, ((PlanStep *)plan->steps->pdata[0])->input) == 0;
    plan_free(self->plan);
    self->plan = g_steal_pointer(&plan);
    if (!same) {
        self->ready = FALSE;
        dispatcher_abandon(self->owner, &self->runner);
        job_check_start_runner(self, 0, FALSE, &self->runner);
    }
}

void
job_check_refreshed(Job *self, const char *document, int error_number)
{
    g_autoptr(Plan) plan = NULL;

    if (document && error_number == 0) {
        plan = job_plan_again(self, document);
        error_number = plan ? 0 : EINVAL;
    }
    if (!plan) {
        runner_process_answer(self->runner, PACKET_DOCUMENT, NULL,
                              error_number > 0 ? error_number : EIO,
                              g_strerror(error_number > 0 ? error_number : EIO));
        return;
    }
    plan_free(self->plan);
    self->plan = g_steal_pointer(&plan);
    runner_process_answer(self->runner, PACKET_DOCUMENT, job_step(self, self->record->step)->input,
                          0, NULL);
}
