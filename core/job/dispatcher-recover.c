#include "crash-point.h"
#include "dispatcher-private.h"
#include "recover.h"
#include "survivors.h"

static void
hold(Job *job)
{
    job->owner->callbacks.hold(job->record->id, job->owner->user_data);
}

/* FALSE when the job is decided: what was acceptable once may not be any more. */
static gboolean
plan_again(Job *job, ExecutionStatus refusal)
{
    const char *reason = NULL;
    gboolean ignore = FALSE;
    g_autoptr(GError) error = NULL;

    if (!job_plan(job, &reason, &ignore, &error)) {
        job_decide(job, refusal, reason, error->message);
        return FALSE;
    }
    if (job->record->step >= job->plan->steps->len) {
        job_decide(job, EXECUTION_FAILED, "interrupted",
                   "the step that was running is not in the document any more");
        return FALSE;
    }
    return TRUE;
}

static void
run_again(Job *job, StartReason start)
{
    job->start = start;
    job->resumed = TRUE;
    job->has_state = TRUE;
    if (start == START_REBOOTED) {
        job->record->attempts = 0;
    }
    if (plan_again(job, EXECUTION_FAILED)) {
        hold(job);
    }
}

static void
finish_again(Job *job)
{
    job->state = LIFE_REPORTING;
    job->outcome = g_strdup(execution_status_to_word(job->record->status));
    job->owner->callbacks.finish(job->record->id, job->record->status, job->record->details,
                                 job->owner->user_data);
}

static void
clean_again(Job *job)
{
    gboolean told = job->record->status != EXECUTION_CANCELED;

    job->state = LIFE_CLEANING;
    if (told) {
        job->outcome = g_strdup(execution_status_to_word(job->record->status));
        hold(job);
    }
    job_clean(job);
}

/* Asked for again, and counted before: the boot id stays the one of the first time. */
static void
await_reboot(Job *job)
{
    g_autoptr(GError) error = NULL;

    if (!plan_again(job, EXECUTION_FAILED)) {
        return;
    }
    job->record->reboots++;
    if (!job_store_update(job->owner->store, job->record, &error)) {
        dispatcher_store_failed(job->owner, job, error);
        job_decide(job, EXECUTION_FAILED, job_disk_reason(error), error->message);
        return;
    }
    job->state = LIFE_REBOOTING;
    job_watch_reboot(job);
    hold(job);
}

static void
take_up(Job *job, const RecoverPlan *plan)
{
    switch (plan->action) {
    case RECOVER_FORGET:
        job_store_forget(job->owner->store, job->record->id);
        dispatcher_remove(job->owner, job);
        break;
    case RECOVER_OFFER:
        job->has_state = TRUE;
        if (plan_again(job, EXECUTION_REJECTED)) {
            hold(job);
        }
        break;
    case RECOVER_NEXT:
        run_again(job, START_FIRST);
        break;
    case RECOVER_RESUME:
        run_again(job, START_INTERRUPTED);
        break;
    case RECOVER_REBOOTED:
        run_again(job, START_REBOOTED);
        break;
    case RECOVER_AWAIT_REBOOT:
        await_reboot(job);
        break;
    case RECOVER_FAIL:
        job_decide(job, EXECUTION_FAILED, plan->reason, plan->message);
        break;
    case RECOVER_CLEAN:
        clean_again(job);
        break;
    case RECOVER_FINISH:
        finish_again(job);
        break;
    }
}

/* What was started must have ended before anybody is told so, and before it is started again. What
 * a step left when it ended may stay. */
static void
end_survivors(Job *job)
{
    const JobRecord *record = job->record;
    gboolean same_boot =
        record->boot_id && g_strcmp0(record->boot_id, reboot_boot_id(job->owner->reboot)) == 0;
    g_autofree char *directory = NULL;
    gboolean begun = record->state == STORED_RUNNING || record->state == STORED_ENDING;
    guint left;

    if (!begun || record->attempts == 0) {
        return;
    }
    directory = job_store_private_path(job->owner->store, record->id, record->step);
    left = survivors_end(same_boot ? &record->runner : NULL, directory);
    if (left > 0) {
        log_job(G_LOG_LEVEL_WARNING, record->id->job_id,
                "%u processes of its interrupted step cannot be ended: they hang in the kernel",
                left);
    }
}

void
dispatcher_recover(Dispatcher *self)
{
    g_autoptr(GPtrArray) records = job_store_load_all(self->store);
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_unref);

    g_ptr_array_set_free_func(records, NULL);
    for (guint i = 0; i < records->len; i++) {
        Job *job = job_new(self, records->pdata[i]);

        job->stored = job->record->state != STORED_DAMAGED;
        g_ptr_array_add(self->jobs, job);
        g_ptr_array_add(jobs, job_ref(job));
    }
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        g_auto(RecoverPlan) plan = {0};

        end_survivors(job);
        recover_decide(job->record, reboot_boot_id(self->reboot), self->options->max_attempts,
                       &plan);
        log_job(G_LOG_LEVEL_MESSAGE, job->record->id->job_id, "found from an earlier life: %s",
                recover_word(plan.action));
        crash_point("job:recover");
        take_up(job, &plan);
    }
    self->recovered = TRUE;
    dispatcher_arrange(self);
}
