#include "clock.h"
#include "dispatcher-private.h"

#define DISK_RETRY_MS 30000

/* ---- Who may start ---- */

static gboolean
is_active(const Job *job)
{
    return lifecycle_occupies(job->state) && job->state != LIFE_WAITING;
}

static guint
count(Dispatcher *self, gboolean (*matches)(const Job *job))
{
    guint found = 0;

    for (guint i = 0; i < self->jobs->len; i++) {
        found += matches(self->jobs->pdata[i]) ? 1 : 0;
    }
    return found;
}

static gboolean
is_alone(const Job *job)
{
    return is_active(job) && job->exclusive;
}

static gboolean
is_waiting(const Job *job)
{
    return job->state == LIFE_WAITING;
}

static gboolean
is_rebooting(const Job *job)
{
    return job->state == LIFE_REBOOTING || job->restarting;
}

/* Something with a side effect is under way that a reboot would tear. */
static gboolean
is_working(const Job *job)
{
    return !job->halted && (job->state == LIFE_RUNNING || job->state == LIFE_CANCELLING ||
                            (job->state == LIFE_CLEANING && !job->restarting));
}

gboolean
dispatcher_is_going_down(Dispatcher *self)
{
    return self->going_down || count(self, is_rebooting) > 0;
}

/* Nothing may begin: errand ends, or the machine does. */
static gboolean
is_closed(Dispatcher *self)
{
    return self->stopping || self->disk_timer || dispatcher_is_going_down(self) ||
           count(self, is_alone) > 0;
}

static gboolean
may_start(Dispatcher *self, const Job *job)
{
    guint active = count(self, is_active);

    if (is_closed(self)) {
        return FALSE;
    }
    return job->exclusive ? active == 0 : active < self->options->max_parallel;
}

/* In order of arrival; who waits to run alone is not overtaken. */
static Job *
next_to_start(Dispatcher *self)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = self->jobs->pdata[i];

        if (is_waiting(job)) {
            return may_start(self, job) ? job : NULL;
        }
    }
    return NULL;
}

static void
tell_room(Dispatcher *self)
{
    guint active = count(self, is_active);
    guint room = self->options->max_parallel > active ? self->options->max_parallel - active : 0;

    if (is_closed(self) || count(self, is_waiting) > 0) {
        room = 0;
    }
    if (room != self->room) {
        self->room = room;
        self->callbacks.room(room, self->user_data);
    }
}

static gboolean
on_disk_retry(gpointer user_data)
{
    Dispatcher *self = user_data;

    clock_timer_clear(&self->disk_timer);
    dispatcher_arrange(self);
    return G_SOURCE_REMOVE;
}

void
dispatcher_pause(Dispatcher *self)
{
    clock_timer_clear(&self->disk_timer);
    self->disk_timer = clock_timer_add_scaled(DISK_RETRY_MS, on_disk_retry, self);
}

void
dispatcher_stay_up(Dispatcher *self)
{
    clock_timer_clear(&self->going_down);
}

static gboolean
on_still_up(gpointer user_data)
{
    Dispatcher *self = user_data;

    clock_timer_clear(&self->going_down);
    dispatcher_arrange(self);
    return G_SOURCE_REMOVE;
}

/* Also when the job that asked is taken away meanwhile: what starts now would be torn. */
void
dispatcher_reboot_now(Dispatcher *self)
{
    if (count(self, is_rebooting) > 0) {
        clock_timer_clear(&self->going_down);
        self->going_down = clock_timer_add(self->options->reboot_timeout_ms, on_still_up, self);
        reboot_run(self->reboot);
    }
}

static gboolean
is_held_back(const Job *job)
{
    return job->held_back;
}

/* Those whose claim was answered while a reboot was pending. */
static void
let_go(Dispatcher *self)
{
    for (guint i = 0; count(self, is_held_back) > 0 && i < self->jobs->len; i++) {
        Job *job = self->jobs->pdata[i];

        if (job->held_back && !self->stopping && !dispatcher_is_going_down(self)) {
            job->held_back = FALSE;
            job_event(job, LIFE_EVENT_ACCEPTED);
        }
    }
}

static void
consider_reboot(Dispatcher *self)
{
    if (count(self, is_rebooting) == 0) {
        self->reboot_asked = FALSE;
    } else if (!self->reboot_asked && !self->stopping && count(self, is_working) == 0) {
        self->reboot_asked = TRUE;
        self->callbacks.about_to_reboot(self->user_data);
    }
}

static gboolean
on_stop_idle(gpointer user_data)
{
    Dispatcher *self = user_data;

    g_clear_pointer(&self->stop_idle, g_source_unref);
    self->stop_done(self->stop_data);
    return G_SOURCE_REMOVE;
}

static void
consider_stop(Dispatcher *self)
{
    if (!self->stopping || !self->stop_done || self->stop_idle || count(self, is_working) > 0) {
        return;
    }
    clock_timer_clear(&self->stop_timer);
    self->stop_idle = g_idle_source_new();
    g_source_set_priority(self->stop_idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(self->stop_idle, on_stop_idle, self, NULL);
    g_source_attach(self->stop_idle, NULL);
}

void
dispatcher_arrange(Dispatcher *self)
{
    Job *job;

    if (!self->recovered || self->arranging) {
        return;
    }
    self->arranging = TRUE;
    let_go(self);
    while ((job = next_to_start(self))) {
        job_event(job, LIFE_EVENT_TURN);
    }
    self->arranging = FALSE;
    consider_reboot(self);
    consider_stop(self);
    tell_room(self);
}

/* ---- The end ---- */

static void
halt_all(Dispatcher *self)
{
    for (guint i = 0; i < self->jobs->len; i++) {
        job_halt(self->jobs->pdata[i]);
    }
}

static gboolean
on_stop_limit(gpointer user_data)
{
    Dispatcher *self = user_data;

    halt_all(self);
    consider_stop(self);
    return G_SOURCE_REMOVE;
}

/* Worth waiting for: it cannot be run again, or is in the middle of what must not be torn. */
static gboolean
may_finish(const Job *job)
{
    return is_working(job) && job->runner &&
           (!job->record->resumable || runner_process_is_critical(job->runner));
}

void
dispatcher_stop(Dispatcher *self, gint64 grace_ms, GSourceFunc done, gpointer user_data)
{
    if (self->stopping) {
        return;
    }
    self->stopping = TRUE;
    self->stop_done = done;
    self->stop_data = user_data;
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = self->jobs->pdata[i];

        if (!may_finish(job) && job->state != LIFE_REPORTING) {
            job_halt(job);
        }
    }
    if (grace_ms <= 0) {
        halt_all(self);
    } else {
        self->stop_timer = clock_timer_add(grace_ms, on_stop_limit, self);
    }
    consider_stop(self);
    tell_room(self);
}
