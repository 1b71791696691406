/* How a runner is stopped: at its deadline, or step by step when it is cancelled. */
#include "clock.h"
#include "log.h"
#include "runner-process-private.h"

#include <signal.h>

static gboolean
on_kill(gpointer user_data)
{
    RunnerProcess *self = user_data;

    child_kill_group(self->child, SIGKILL);
    return G_SOURCE_REMOVE;
}

static void
end_by_force(RunnerProcess *self, gint64 kill_ms)
{
    self->deadline_passed = TRUE;
    child_kill_group(self->child, SIGTERM);
    clock_timer_clear(&self->ladder);
    self->ladder = clock_timer_add(kill_ms, on_kill, self);
}

gboolean
runner_process_on_deadline(gpointer user_data)
{
    RunnerProcess *self = user_data;

    log_job(G_LOG_LEVEL_WARNING, self->job_id, "plugin %s was not done after %u s: stopping it",
            self->plugin, self->deadline_s);
    end_by_force(self, self->grace_ms);
    return G_SOURCE_REMOVE;
}

gboolean
runner_process_out_of_time(RunnerProcess *self, gint64 kill_ms)
{
    if (self->phase != RUNNER_RUNNING || self->deadline_passed || self->cancelled) {
        return FALSE;
    }
    clock_timer_clear(&self->deadline);
    self->out_of_time = TRUE;
    self->deadline_s = (guint)((clock_now() - self->go_us) / G_USEC_PER_SEC);
    log_job(G_LOG_LEVEL_WARNING, self->job_id,
            "plugin %s is not done and the service's time for the job is nearly over: stopping it",
            self->plugin);
    end_by_force(self, MIN(kill_ms, self->grace_ms));
    return TRUE;
}

static gboolean
on_rung(gpointer user_data)
{
    runner_process_climb(user_data);
    return G_SOURCE_REMOVE;
}

void
runner_process_climb(RunnerProcess *self)
{
    g_autoptr(Packet) packet = NULL;

    clock_timer_clear(&self->ladder);
    if (self->critical) {
        self->held = TRUE;
        log_job(G_LOG_LEVEL_MESSAGE, self->job_id,
                "plugin %s is in a critical section: the cancel waits for its end", self->plugin);
        return;
    }
    switch (self->rung++) {
    case 0:
        packet = packet_new(PACKET_CANCEL);
        (void)!runner_link_send(self->link, packet, NULL);
        break;
    case 1:
        child_kill_group(self->child, SIGTERM);
        break;
    default:
        child_kill_group(self->child, SIGKILL);
        return;
    }
    self->ladder = clock_timer_add(self->grace_ms, on_rung, self);
}

void
runner_process_cancel(RunnerProcess *self)
{
    if (self->cancelled || self->phase == RUNNER_LEFT) {
        return;
    }
    self->cancelled = TRUE;
    if (self->phase == RUNNER_RUNNING) {
        if (!self->deadline_passed) {
            runner_process_climb(self);
        }
    } else {
        child_kill_group(self->child, SIGKILL);
    }
}
