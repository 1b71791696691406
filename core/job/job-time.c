#include "clock.h"
#include "dispatcher-private.h"

/* When to ask how much time is left: the service's shortest timer is a minute, and a job that ends
 * sooner costs no question. */
#define FIRST_ASK_MS   15000
/* What telling the end takes, besides stopping: the question before it, the update, a repeat. */
#define REPORT_MS      10000
/* How long the question before the end may take; then what was told last holds. */
#define ANSWER_WAIT_MS 5000

static gboolean on_time(gpointer user_data);

static void
arm(Job *self, gint64 ms)
{
    clock_timer_clear(&self->time.timer);
    self->time.timer = clock_timer_add(MAX(ms, 0), on_time, self);
}

static void
ask(Job *self)
{
    self->owner->callbacks.watch(self->record->id, self->owner->user_data);
}

/* Of an answer that came while the margin was reached: it cannot be more exact than this. */
static gboolean
is_nearly_over(const JobTime *time, gint64 left_ms)
{
    return left_ms <= time->margin_ms + ANSWER_WAIT_MS;
}

static void
rest(JobTime *time)
{
    clock_timer_clear(&time->timer);
    time->doubted = FALSE;
}

/* Not when the plugin has said its last word already, or is being stopped. */
static void
stop(Job *self)
{
    gint64 left_ms = (self->time.service_end_us - clock_now()) / 1000;

    rest(&self->time);
    /* Half of what the margin has for telling, should the grace be longer than the margin. */
    self->time.over =
        self->runner && runner_process_out_of_time(self->runner, MAX(left_ms - REPORT_MS / 2, 0));
}

/* The step timer may be what is nearly over, and only because errand was silent: it is pushed out
 * before the question, whose answer then tells of the other timer. */
static gboolean
on_time(gpointer user_data)
{
    g_autoptr(Job) self = job_ref(user_data);
    JobTime *time = &self->time;

    clock_timer_clear(&time->timer);
    if (time->service_end_us == 0) {
        ask(self);
    } else if (time->doubted) {
        stop(self);
    } else {
        time->doubted = TRUE;
        arm(self, ANSWER_WAIT_MS);
        job_run_tell(self, TRUE);
        ask(self);
    }
    return G_SOURCE_REMOVE;
}

/* Waits for the service's end when that comes before the step's. */
static void
keep_to(Job *self)
{
    JobTime *time = &self->time;
    gint64 end_us = time->service_end_us - time->margin_ms * 1000;

    if (end_us < time->step_end_us) {
        arm(self, (end_us - clock_now()) / 1000);
    } else {
        clock_timer_clear(&time->timer);
    }
}

void
job_time_begin(Job *self, gint64 limit_ms)
{
    JobTime *time = &self->time;

    time->step_end_us = clock_now() + limit_ms * 1000;
    time->doubted = FALSE;
    if (time->service_end_us > 0) {
        keep_to(self);
    } else {
        clock_timer_clear(&time->timer);
        time->timer = clock_timer_add_scaled(FIRST_ASK_MS, on_time, self);
    }
}

void
job_time_told(Job *self, gint64 seconds)
{
    JobTime *time = &self->time;
    gint64 left_ms = CLAMP(seconds, 0, G_MAXINT32) * 1000;
    gint64 margin_ms;

    if (seconds < 0) {
        time->service_end_us = 0;
        rest(time);
        return;
    }
    /* A margin larger than half of the time would leave no time to work in. It does not shrink with
     * the time, or the end would never come. */
    margin_ms = MIN(self->owner->options->cancel_grace_ms + REPORT_MS, left_ms / 2);
    time->margin_ms = MAX(time->margin_ms, margin_ms);
    time->service_end_us = clock_now() + left_ms * 1000;
    if (self->state != LIFE_RUNNING || time->step_end_us == 0 || time->over) {
        return;
    }
    if (time->doubted && is_nearly_over(time, left_ms)) {
        stop(self);
        return;
    }
    time->doubted = FALSE;
    keep_to(self);
}

void
job_time_end(Job *self)
{
    rest(&self->time);
    self->time.step_end_us = 0;
}
