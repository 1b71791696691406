#include "clock.h"
#include "log.h"
#include "runner-process-private.h"

#include <signal.h>
#include <syslog.h>

#define LOG_LINES_MAX 1000 /* of one step; a plugin that says more says nothing */

static void
on_ready(RunnerProcess *self, const Packet *packet)
{
    self->resumable = packet->resumable;
    self->cleanup = packet->cleanup;
    self->timeout_s = packet->timeout_s;
    log_job(G_LOG_LEVEL_DEBUG, self->job_id, "plugin %s %s is loaded", self->plugin,
            packet->version ? packet->version : "");
}

static void
on_reason(RunnerProcess *self, const Packet *packet)
{
    g_free(self->word);
    g_free(self->text);
    self->word = g_strdup(packet->key);
    self->text = g_strdup(packet->text);
}

static void
on_checked(RunnerProcess *self, const Packet *packet)
{
    if (self->phase != RUNNER_LOADING) {
        runner_process_on_fault("a second answer of its check", self);
        return;
    }
    if (packet->outcome == OUTCOME_REBOOT || packet->outcome == OUTCOME_CANCELLED) {
        runner_process_on_fault("an answer that no check may give", self);
        return;
    }
    if (packet->outcome == OUTCOME_SUCCEEDED && !self->check_only) {
        self->phase = RUNNER_WAITING;
        clock_timer_clear(&self->deadline);
        if (self->callbacks.checked) {
            self->callbacks.checked(self, self->user_data);
        }
        return;
    }
    self->phase = RUNNER_SAID;
    self->has_result = TRUE;
    self->result = packet->outcome;
    if (packet->key) {
        on_reason(self, packet);
    }
    runner_process_expect_exit(self);
}

static GLogLevelFlags
level_of(int level)
{
    if (level <= LOG_WARNING) {
        return G_LOG_LEVEL_WARNING;
    }
    if (level == LOG_NOTICE) {
        return G_LOG_LEVEL_MESSAGE;
    }
    return level == LOG_INFO ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_DEBUG;
}

static void
on_log(RunnerProcess *self, const Packet *packet)
{
    self->logged++;
    if (self->logged <= LOG_LINES_MAX && packet->text) {
        log_job(level_of(packet->level), self->job_id, "%s: %s", self->plugin, packet->text);
    }
    if (self->logged == LOG_LINES_MAX) {
        log_job(G_LOG_LEVEL_MESSAGE, self->job_id, "%s: further lines of this step are left out",
                self->plugin);
    }
}

static void
on_critical(RunnerProcess *self, gboolean on)
{
    self->critical = on;
    /* After the deadline the kill is on its way, and no critical section stops that. */
    if (!on && self->held && !self->deadline_passed) {
        self->held = FALSE;
        runner_process_climb(self);
    }
}

static void
on_result(RunnerProcess *self, const Packet *packet)
{
    if (self->phase != RUNNER_RUNNING) {
        runner_process_on_fault("a result before it was told to go", self);
        return;
    }
    self->phase = RUNNER_SAID;
    self->has_result = TRUE;
    self->result = packet->outcome;
    runner_process_expect_exit(self);
    if (self->callbacks.packet) {
        (void)output_tail_drain(self->out);
        (void)output_tail_drain(self->err);
        self->callbacks.packet(self, packet, self->user_data);
    }
}

static void
on_running(RunnerProcess *self, const Packet *packet)
{
    switch (packet->type) {
    case PACKET_CRITICAL:
        on_critical(self, packet->on);
        return;
    case PACKET_RESULT:
        on_result(self, packet);
        return;
    case PACKET_REASON:
        on_reason(self, packet);
        return;
    default:
        if (self->phase == RUNNER_RUNNING && self->callbacks.packet) {
            self->callbacks.packet(self, packet, self->user_data);
        }
    }
}

void
runner_process_on_packet(const Packet *packet, gpointer user_data)
{
    RunnerProcess *self = user_data;

    if (packet->type == PACKET_LOG) {
        on_log(self, packet);
        return;
    }
    if (self->fault) {
        return;
    }
    if (self->phase == RUNNER_SAID && packet->type == PACKET_RESULT) {
        self->has_result = FALSE;
        runner_process_on_fault("a second result", self);
    }
    if (self->phase == RUNNER_SAID) {
        return;
    }
    switch (packet->type) {
    case PACKET_READY:
        on_ready(self, packet);
        break;
    case PACKET_CHECKED:
        on_checked(self, packet);
        break;
    default:
        on_running(self, packet);
    }
}

void
runner_process_on_fault(const char *text, gpointer user_data)
{
    RunnerProcess *self = user_data;

    if (self->fault || self->has_result) {
        return;
    }
    self->fault = g_strdup(text);
    log_job(G_LOG_LEVEL_WARNING, self->job_id, "plugin %s broke the protocol: %s", self->plugin,
            text);
    child_kill_group(self->child, SIGKILL);
}

gboolean
runner_process_streamed(RunnerProcess *self, const char *stream, StreamFormat format,
                        StreamTopic topic, GBytes *payload, int error_number)
{
    g_autoptr(Packet) packet = packet_new(PACKET_STREAMED);

    packet->stream = g_strdup(stream);
    packet->format = format;
    packet->topic = topic;
    packet->payload = payload ? g_bytes_ref(payload) : NULL;
    packet->error_number = error_number;
    return self->phase == RUNNER_RUNNING && runner_link_offer(self->link, packet);
}

gboolean
runner_process_is_critical(const RunnerProcess *self)
{
    return self->critical;
}

pid_t
runner_process_group(const RunnerProcess *self)
{
    return child_group(self->child);
}

const char *
runner_process_plugin(const RunnerProcess *self)
{
    return self->plugin;
}

gboolean
runner_process_is_resumable(const RunnerProcess *self)
{
    return self->resumable;
}

gboolean
runner_process_wants_cleanup(const RunnerProcess *self)
{
    return self->cleanup;
}

gboolean
runner_process_is_done(const RunnerProcess *self)
{
    return self->has_result && self->result != OUTCOME_REBOOT;
}

guint
runner_process_timeout_s(const RunnerProcess *self)
{
    return self->timeout_s;
}
