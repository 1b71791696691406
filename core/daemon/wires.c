#include "wires.h"

#include "clock.h"
#include "notify.h"

/* How long a restart of the machine waits for answers to statuses that were just sent. They are on
 * disk and would be sent again, so this is a courtesy to whoever watches the job. */
#define REBOOT_FLUSH_MS 500

/* ---- session -> dispatcher ---- */

static void
on_offered(const JobsExecution *execution, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_offer(self->dispatcher, execution->id, execution->status, execution->document,
                     execution->details);
}

static void
on_claimed(const ExecutionId *id, SessionClaim answer, const char *text, gpointer user_data)
{
    Daemon *self = user_data;
    gboolean accepted = answer == SESSION_CLAIM_ACCEPTED;

    if (answer == SESSION_CLAIM_INVALID)
        dispatcher_unclaimable(self->dispatcher, id, text);
    else
        dispatcher_claimed(self->dispatcher, id, accepted, accepted ? text : NULL);
}

static void
on_reported(const ExecutionId *id, gboolean taken, const char *why, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_reported(self->dispatcher, id, taken, why);
}

static void
on_gone(const ExecutionId *id, const char *why, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_gone(self->dispatcher, id, why);
}

static void
on_refreshed(const ExecutionId *id, const char *document, int error_number, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_refreshed(self->dispatcher, id, document, error_number);
}

static void
on_streamed(const ExecutionId *id, const char *stream, StreamFormat format, StreamTopic topic,
            GBytes *payload, int error_number, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_streamed(self->dispatcher, id, stream, format, topic, payload, error_number);
}

static void
on_time_left(const ExecutionId *id, gint64 seconds, gpointer user_data)
{
    Daemon *self = user_data;

    dispatcher_time_left(self->dispatcher, id, seconds);
}

static void
on_state_changed(SessionState state, gpointer user_data)
{
    static const char *const words[] = {
        [SESSION_OFFLINE] = "offline, trying again",
        [SESSION_CONNECTING] = "connecting",
        [SESSION_SUBSCRIBING] = "subscribing",
        [SESSION_READY] = "connected",
    };
    Daemon *self = user_data;

    notify_send("STATUS=%s: %s", self->config->session.thing_name, words[state]);
}

const SessionCallbacks wires_from_session = {
    .offered = on_offered,
    .claimed = on_claimed,
    .reported = on_reported,
    .gone = on_gone,
    .refreshed = on_refreshed,
    .time_left = on_time_left,
    .state_changed = on_state_changed,
    .streamed = on_streamed,
};

/* ---- dispatcher -> session ---- */

static void
send_claim(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
           gpointer user_data)
{
    Daemon *self = user_data;

    session_claim(self->session, id, step_timeout_minutes, details);
}

static void
send_progress(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
              gboolean urgent, gpointer user_data)
{
    Daemon *self = user_data;

    session_progress(self->session, id, step_timeout_minutes, details, urgent);
}

static void
send_finish(const ExecutionId *id, ExecutionStatus status, const Details *details,
            gpointer user_data)
{
    Daemon *self = user_data;

    session_finish(self->session, id, status, details);
}

static void
send_refresh(const ExecutionId *id, gpointer user_data)
{
    Daemon *self = user_data;

    session_refresh(self->session, id);
}

static void
send_stream(const ExecutionId *id, const char *stream, StreamFormat format, StreamTopic topic,
            GBytes *payload, gpointer user_data)
{
    Daemon *self = user_data;

    session_stream_request(self->session, id, stream, format, topic, payload);
}

static void
end_stream(const ExecutionId *id, gpointer user_data)
{
    Daemon *self = user_data;

    session_stream_close(self->session, id);
}

static void
watch(const ExecutionId *id, gpointer user_data)
{
    Daemon *self = user_data;

    session_watch(self->session, id);
}

static void
hold(const ExecutionId *id, gpointer user_data)
{
    Daemon *self = user_data;

    session_hold(self->session, id);
}

static void
release(const ExecutionId *id, gboolean again_later, gpointer user_data)
{
    Daemon *self = user_data;

    session_release(self->session, id, again_later);
}

static void
set_room(guint room, gpointer user_data)
{
    Daemon *self = user_data;

    session_set_room(self->session, self->stopping ? 0 : room);
}

static gboolean
on_reboot_flushed(gpointer user_data)
{
    Daemon *self = user_data;

    clock_timer_clear(&self->reboot_timer);
    dispatcher_reboot_now(self->dispatcher);
    return G_SOURCE_REMOVE;
}

static void
about_to_reboot(gpointer user_data)
{
    Daemon *self = user_data;

    clock_timer_clear(&self->reboot_timer);
    self->reboot_timer = clock_timer_add(REBOOT_FLUSH_MS, on_reboot_flushed, self);
}

const DispatcherCallbacks wires_from_dispatcher = {
    .claim = send_claim,
    .progress = send_progress,
    .finish = send_finish,
    .refresh = send_refresh,
    .stream = send_stream,
    .stream_end = end_stream,
    .hold = hold,
    .release = release,
    .room = set_room,
    .about_to_reboot = about_to_reboot,
    .watch = watch,
};
