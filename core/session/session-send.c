#include "session-private.h"

#include "crash-point.h"
#include "topics.h"

#include <string.h>

gint64
session_now(void)
{
    return clock_now() / 1000;
}

guint64
session_ticket_of_token(const Session *self, const char *token)
{
    gsize length = strlen(self->run);
    guint64 ticket = 0;

    if (token == NULL || strncmp(token, self->run, length) != 0 || token[length] != '-')
        return 0;
    if (!g_ascii_string_to_unsigned(token + length + 1, 10, 1, G_MAXUINT64, &ticket, NULL))
        return 0;
    return ticket;
}

static char *
session_token(const Session *self)
{
    return g_strdup_printf("%s-%" G_GUINT64_FORMAT, self->run, self->ticket);
}

static void
session_publish(Session *self, TopicKind kind, const char *job_id, const char *body)
{
    g_autofree char *topic = topics_request(self->options.thing_name, kind, job_id);

    mqtt_publish(self->mqtt, topic, body, strlen(body));
}

/* Handed to the broker's socket, not answered. */
static void
session_update_sent(ExecutionStatus status)
{
    if (execution_status_is_final(status))
        crash_point("session:final-sent");
    else
        crash_point("session:update-sent");
}

static gboolean
session_send_update(Session *self, gint64 now_ms)
{
    JobsUpdate update = {0};

    if (!outbox_next(self->outbox, self->ticket + 1, now_ms, &update))
        return FALSE;
    self->ticket++;
    g_autofree char *token = session_token(self);
    g_autofree char *body = jobs_message_update(token, &update);
    log_job(G_LOG_LEVEL_DEBUG, update.id->job_id, "sending status %s",
            execution_status_to_word(update.status));
    session_publish(self, TOPIC_UPDATE, update.id->job_id, body);
    session_update_sent(update.status);
    return TRUE;
}

static void
session_count_pull(Session *self)
{
    const char *thing = self->options.thing_name;

    if (!link_health_asked(&self->health))
        return;
    g_warning(
        "connected, but nothing answers on $aws/things/%s/jobs, asked %d times: check that the "
        "thing %s exists and that the certificate's policy allows iot:Publish and iot:Receive "
        "on topic/$aws/things/%s/jobs/*; asking on",
        thing, LINK_HEALTH_TIMES, thing, thing);
}

static void
session_send_pull(Session *self, RequestKind kind)
{
    g_autofree char *token = session_token(self);
    g_autofree char *body = NULL;

    session_count_pull(self);
    if (kind == REQUEST_LIST) {
        body = jobs_message_list(token);
        session_publish(self, TOPIC_LIST, NULL, body);
    } else if (kind == REQUEST_NEXT) {
        body = jobs_message_describe(token, 0, TRUE);
        session_publish(self, TOPIC_NEXT, NULL, body);
    } else {
        body = jobs_message_start_next(token, SESSION_MARKER_KEY, self->run);
        session_publish(self, TOPIC_START_NEXT, NULL, body);
    }
}

static void
session_send_describe(Session *self, const Request *request)
{
    gboolean with_document = request->kind == REQUEST_LOOK || request->kind == REQUEST_REFRESH;
    g_autofree char *token = session_token(self);
    g_autofree char *body = jobs_message_describe(token, request->id->number, with_document);

    session_publish(self, TOPIC_DESCRIBE, request->id->job_id, body);
}

static gboolean
session_send_request(Session *self, gint64 now_ms)
{
    const Request *request = requests_next(self->requests, self->ticket + 1, now_ms);

    if (request == NULL)
        return FALSE;
    self->ticket++;
    if (request->id == NULL)
        session_send_pull(self, request->kind);
    else
        session_send_describe(self, request);
    return TRUE;
}

static gint64
session_next_time(const Session *self)
{
    gint64 next = requests_next_time(self->requests);

    if (self->state != SESSION_READY)
        return requests_next_expiry(self->requests);
    next = MIN(next, outbox_next_time(self->outbox));
    next = MIN(next, self->pull_ms);
    next = MIN(next, self->resync_ms);
    return MIN(next, self->resubscribe_ms);
}

static gboolean session_on_timer(gpointer user_data);

/* An armed timer that is early enough is left alone: most requests are answered long before their
 * limit, and re-arming costs more than one wake-up too many. */
static void
session_arm(Session *self)
{
    gint64 next_ms = session_next_time(self);

    if (self->timer_running || next_ms == ATTEMPTS_NEVER)
        return;
    if (self->timer != NULL && self->timer_ms <= next_ms)
        return;
    clock_timer_clear(&self->timer);
    self->timer_ms = next_ms;
    self->timer = clock_timer_add(MAX(next_ms - session_now(), 0), session_on_timer, self);
}

static gboolean
session_on_timer(gpointer user_data)
{
    Session *self = user_data;
    gint64 now_ms = session_now();

    clock_timer_clear(&self->timer);
    self->timer_running = TRUE;
    session_expire(self);
    if (self->state == SESSION_READY) {
        session_queue_offer_head(self);
        if (now_ms >= self->resync_ms)
            session_resync(self);
        if (now_ms >= self->pull_ms)
            session_pull(self);
    }
    self->timer_running = FALSE;
    session_send(self);
    return G_SOURCE_REMOVE;
}

void
session_send(Session *self)
{
    gint64 now_ms = session_now();

    if (self->state == SESSION_READY) {
        while (session_send_update(self, now_ms))
            continue;
        while (session_send_request(self, now_ms))
            continue;
        if (now_ms >= self->resubscribe_ms) {
            self->resubscribe_ms = ATTEMPTS_NEVER;
            self->subscribe_id = mqtt_subscribe(self->mqtt, self->filters, 1);
        }
    }
    session_arm(self);
}
