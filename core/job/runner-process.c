#include "clock.h"
#include "log.h"
#include "runner-environment.h"
#include "runner-process-private.h"
#include "strays.h"

#include <signal.h>
#include <unistd.h>

#define CHECK_LIMIT_MS 10000 /* "at most a few seconds", errand/plugin.h */
#define CHECK_FLOOR_MS 2000  /* also when a test makes time faster */
#define LEAVE_LIMIT_MS 2000  /* to exit after its last word, or after closing its socket */
#define SWEEP_PAUSE_MS 10    /* for what was killed to be gone and its children to be ours */
#define SWEEPS_MAX     100
#define OUTPUT_WAIT_MS 1000 /* for output pipes that a stray grandchild holds */

static void
finish(RunnerProcess *self)
{
    VerdictInput input = {
        .deadline_passed = self->deadline_passed,
        .deadline_s = self->deadline_s,
        .out_of_time = self->out_of_time,
        .cancelled = self->cancelled,
        .protocol_fault = self->fault,
        .wait_status = child_reap(self->child),
        .has_result = self->has_result,
        .result = self->result,
        .reason = self->word,
        .message = self->text,
        .plugin = self->plugin,
    };
    g_auto(Verdict) verdict = {0};

    if (self->killed) {
        input.wait_status = -1;
    }
    clock_timer_clear(&self->deadline);
    clock_timer_clear(&self->ladder);
    verdict_decide(&input, &verdict);
    self->callbacks.ended(self, &verdict, self->user_data);
}

static gboolean
on_output_wait_over(gpointer user_data)
{
    RunnerProcess *self = user_data;

    log_job(G_LOG_LEVEL_INFO, self->job_id, "a process left behind holds the output of plugin %s",
            self->plugin);
    finish(self);
    return G_SOURCE_REMOVE;
}

static void
on_output_closed(OutputTail *tail, gpointer user_data)
{
    RunnerProcess *self = user_data;

    if (self->swept && output_tail_at_end(self->out) && output_tail_at_end(self->err)) {
        finish(self);
    }
}

static void
wait_for_output(RunnerProcess *self)
{
    gboolean out_ended;
    gboolean err_ended;

    self->swept = TRUE;
    out_ended = output_tail_at_end(self->out) || output_tail_drain(self->out);
    err_ended = output_tail_at_end(self->err) || output_tail_drain(self->err);
    if (out_ended && err_ended) {
        finish(self);
        return;
    }
    self->deadline = clock_timer_add(OUTPUT_WAIT_MS, on_output_wait_over, self);
}

/* A runner that ended by itself and was not cancelled has chosen what may stay. */
static gboolean
ended_well(const RunnerProcess *self)
{
    return self->has_result && self->fault == NULL && !self->killed && !self->cancelled &&
           !self->deadline_passed;
}

static void sweep(RunnerProcess *self);

static gboolean
on_sweep(gpointer user_data)
{
    sweep(user_data);
    return G_SOURCE_REMOVE;
}

/* What a good step leaves is only counted; its verdict need not wait for that. */
static void
sweep(RunnerProcess *self)
{
    clock_timer_clear(&self->ladder);
    if (ended_well(self)) {
        wait_for_output(self);
        strays_sweep(FALSE);
    } else if (strays_sweep(TRUE) && self->sweeps++ < SWEEPS_MAX) {
        self->ladder = clock_timer_add(SWEEP_PAUSE_MS, on_sweep, self);
    } else {
        wait_for_output(self);
    }
}

static void
on_child_ended(Child *child, gpointer user_data)
{
    RunnerProcess *self = user_data;

    runner_link_drain(self->link);
    child_kill_group(self->child, SIGKILL);
    self->phase = RUNNER_LEFT;
    clock_timer_clear(&self->deadline);
    sweep(self);
}

static gboolean
on_leave_limit(gpointer user_data)
{
    RunnerProcess *self = user_data;

    self->killed = TRUE;
    child_kill_group(self->child, SIGKILL);
    return G_SOURCE_REMOVE;
}

void
runner_process_expect_exit(RunnerProcess *self)
{
    clock_timer_clear(&self->deadline);
    self->deadline = clock_timer_add(LEAVE_LIMIT_MS, on_leave_limit, self);
}

static void
on_link_closed(gpointer user_data)
{
    RunnerProcess *self = user_data;

    if (self->phase != RUNNER_SAID && self->phase != RUNNER_LEFT) {
        runner_process_expect_exit(self);
    }
}

static gboolean
on_check_limit(gpointer user_data)
{
    RunnerProcess *self = user_data;

    self->deadline_passed = TRUE;
    child_kill_group(self->child, SIGKILL);
    return G_SOURCE_REMOVE;
}

void
runner_process_go(RunnerProcess *self, StartReason reason, GBytes *state, gint64 deadline_ms)
{
    g_autoptr(Packet) packet = packet_new(PACKET_GO);
    g_autoptr(GError) error = NULL;

    if (self->phase != RUNNER_WAITING) {
        return;
    }
    self->phase = RUNNER_RUNNING;
    self->deadline_s = (guint)((deadline_ms + 999) / 1000);
    self->go_us = clock_now();
    self->deadline = clock_timer_add(deadline_ms, runner_process_on_deadline, self);
    packet->reason_started = reason;
    packet->state = state ? g_bytes_ref(state) : NULL;
    if (!runner_link_send(self->link, packet, &error)) {
        runner_process_on_fault(error->message, self);
    }
}

void
runner_process_answer(RunnerProcess *self, PacketType type, const char *document, int error_number,
                      const char *text)
{
    g_autoptr(Packet) packet = packet_new(type);
    g_autoptr(GError) error = NULL;

    packet->document = g_strdup(document);
    packet->error_number = error_number;
    packet->text = g_strdup(text);
    if (!runner_link_send(self->link, packet, &error)) {
        runner_process_on_fault(error->message, self);
    }
}

void
runner_process_abandon(RunnerProcess *self,
                       void (*ended)(RunnerProcess *self, const Verdict *verdict,
                                     gpointer user_data),
                       gpointer user_data)
{
    self->callbacks = (RunnerProcessCallbacks){.ended = ended};
    self->user_data = user_data;
    child_kill_group(self->child, SIGKILL);
}

/* Starts the child with the three ends it gets; the caller closes them. */
static gboolean
spawn(RunnerProcess *self, const RunnerProcessOptions *options, int socket, int out, int err,
      GError **error)
{
    const char *const argv[] = {options->runner, NULL};
    g_auto(GStrv) environment = runner_environment(options->start->private_directory);
    const int descriptors[] = {-1, out, err, socket, options->module_fd};
    const ChildSpec spec = {
        .argv = argv,
        .environment = (const char *const *)environment,
        .descriptors = descriptors,
        .n_descriptors = G_N_ELEMENTS(descriptors),
    };

    G_STATIC_ASSERT(PACKET_RUNNER_FD == 3 && PACKET_MODULE_FD == 4);
    self->child = child_spawn(&spec, on_child_ended, self, error);
    return self->child != NULL;
}

static void
close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static gboolean
launch(RunnerProcess *self, const RunnerProcessOptions *options, GError **error)
{
    const RunnerLinkCallbacks callbacks = {
        .packet = runner_process_on_packet,
        .fault = runner_process_on_fault,
        .closed = on_link_closed,
    };
    int socket = -1;
    int out = -1;
    int err = -1;
    gboolean good;

    self->link = runner_link_new(&callbacks, self, &socket, error);
    good = self->link != NULL;
    if (good) {
        self->out = output_tail_new(self->job_id, "stdout", &out, on_output_closed, self, error);
        good = self->out != NULL;
    }
    if (good) {
        self->err = output_tail_new(self->job_id, "stderr", &err, on_output_closed, self, error);
        good = self->err != NULL;
    }
    good = good && runner_link_send(self->link, options->start, error) &&
           spawn(self, options, socket, out, err, error);
    close_if_open(socket);
    close_if_open(out);
    close_if_open(err);
    return good;
}

RunnerProcess *
runner_process_start(const RunnerProcessOptions *options, const RunnerProcessCallbacks *callbacks,
                     gpointer user_data, GError **error)
{
    RunnerProcess *self = g_new0(RunnerProcess, 1);

    self->callbacks = *callbacks;
    self->user_data = user_data;
    self->job_id = g_strdup(options->start->job_id);
    self->plugin = g_strdup(options->start->plugin);
    self->check_only = options->start->check_only;
    self->grace_ms = options->cancel_grace_ms;
    if (!launch(self, options, error)) {
        runner_process_free(self);
        return NULL;
    }
    self->deadline_s = CHECK_LIMIT_MS / 1000;
    self->deadline =
        clock_timer_add(MAX(CHECK_LIMIT_MS / clock_scale(), CHECK_FLOOR_MS), on_check_limit, self);
    return self;
}

void
runner_process_free(RunnerProcess *self)
{
    if (!self) {
        return;
    }
    clock_timer_clear(&self->deadline);
    clock_timer_clear(&self->ladder);
    child_free(self->child);
    runner_link_free(self->link);
    output_tail_free(self->out);
    output_tail_free(self->err);
    g_free(self->job_id);
    g_free(self->plugin);
    g_free(self->fault);
    g_free(self->word);
    g_free(self->text);
    g_free(self);
}

char *
runner_process_stdout(const RunnerProcess *self)
{
    return output_tail_text(self->out);
}

char *
runner_process_stderr(const RunnerProcess *self)
{
    return output_tail_text(self->err);
}
