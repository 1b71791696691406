/* What ended jobs leave on disk: their folders go while a plugin of the next job works, or after
 * BURY_MS when there is none; one that cannot be removed is tried again until it can. */
#include "clock.h"
#include "dispatcher-private.h"
#include "log.h"

/* Late enough not to meet the next of a handful of jobs, soon enough that nobody finds the folder
 * of a job that has ended. */
#define BURY_MS 100

#define SWEEP_RETRY_MS 30000

void
dispatcher_bury_init(Dispatcher *self)
{
    g_queue_init(&self->over);
    self->unburied = g_ptr_array_new_with_free_func((GDestroyNotify)execution_id_free);
}

static gboolean
on_sweep(gpointer user_data)
{
    Dispatcher *self = user_data;

    for (guint i = self->unburied->len; i > 0; i--) {
        const ExecutionId *id = self->unburied->pdata[i - 1];

        if (dispatcher_find(self, id) || job_store_sweep(self->store, id)) {
            g_ptr_array_remove_index(self->unburied, i - 1);
        }
    }
    if (self->unburied->len > 0) {
        return G_SOURCE_CONTINUE;
    }
    clock_timer_clear(&self->sweep);
    return G_SOURCE_REMOVE;
}

static void
sweep_later(Dispatcher *self, const ExecutionId *id)
{
    g_ptr_array_add(self->unburied, execution_id_copy(id));
    if (!self->sweep) {
        self->sweep = clock_timer_add_scaled(SWEEP_RETRY_MS, on_sweep, self);
    }
}

static void
bury_all(Dispatcher *self)
{
    Job *job;

    clock_timer_clear(&self->over_timer);
    g_clear_handle_id(&self->over_idle, g_source_remove);
    while ((job = g_queue_pop_head(&self->over))) {
        g_autoptr(GError) error = NULL;

        if (!job_store_remove(self->store, job->record, job->outcome ? job->outcome : "CANCELED",
                              &error)) {
            log_job(G_LOG_LEVEL_WARNING, job->record->id->job_id,
                    "its folder stays behind for now: %s", error->message);
            sweep_later(self, job->record->id);
        }
        job_unref(job);
    }
}

static gboolean
on_time(gpointer user_data)
{
    bury_all(user_data);
    return G_SOURCE_REMOVE;
}

void
dispatcher_bury(Dispatcher *self, Job *job)
{
    g_queue_push_tail(&self->over, job_ref(job));
    dispatcher_remove(self, job);
    if (!self->over_timer) {
        self->over_timer = clock_timer_add(BURY_MS, on_time, self);
    }
}

void
dispatcher_bury_meanwhile(Dispatcher *self)
{
    if (self->over_idle == 0 && !g_queue_is_empty(&self->over)) {
        self->over_idle = g_idle_add(on_time, self);
    }
}

void
dispatcher_bury_now(Dispatcher *self, const ExecutionId *id)
{
    for (GList *link = self->over.head; link; link = link->next) {
        const Job *job = link->data;

        if (execution_id_equal(job->record->id, id)) {
            bury_all(self);
            return;
        }
    }
}

void
dispatcher_bury_clear(Dispatcher *self)
{
    bury_all(self);
    clock_timer_clear(&self->sweep);
    g_ptr_array_unref(self->unburied);
}
