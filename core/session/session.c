#include "session-private.h"

#include "mqtt-tls.h"
#include "topics.h"

#include <string.h>

/* Longest client id AWS takes, in bytes. */
#define SESSION_CLIENT_ID_MAX 128

static void
session_copy_options(Session *self, const SessionOptions *options)
{
    SessionOptions *copy = &self->options;

    *copy = *options;
    copy->host = g_strdup(options->host);
    copy->ca_file = g_strdup(options->ca_file);
    copy->certificate_file = g_strdup(options->certificate_file);
    copy->private_key_file = g_strdup(options->private_key_file);
    copy->thing_name = g_strdup(options->thing_name);
    copy->proxy = g_strdup(options->proxy);
    copy->client_id =
        g_strdup(options->client_id != NULL && *options->client_id != '\0' ? options->client_id
                                                                           : options->thing_name);
}

gboolean
session_host_is_loopback(const char *host)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);

    return address != NULL ? g_inet_address_get_is_loopback(address)
                           : g_ascii_strcasecmp(host, "localhost") == 0;
}

static gboolean
session_check_options(const SessionOptions *options, GError **error)
{
    const char *client_id = options->client_id;

    if (options->host == NULL || *options->host == '\0' || options->port == 0) {
        g_set_error_literal(error, MQTT_ERROR, MQTT_ERROR_CONFIG,
                            "[broker] host or port is missing");
        return FALSE;
    }
    if (!topics_thing_name_valid(options->thing_name)) {
        g_set_error(error, MQTT_ERROR, MQTT_ERROR_CONFIG,
                    "[thing] name must be 1 to %d characters of [a-zA-Z0-9:_-]",
                    TOPICS_THING_NAME_MAX);
        return FALSE;
    }
    if (client_id != NULL && (client_id[0] == '$' || strlen(client_id) > SESSION_CLIENT_ID_MAX ||
                              !g_utf8_validate(client_id, -1, NULL))) {
        g_set_error(error, MQTT_ERROR, MQTT_ERROR_CONFIG,
                    "[broker] client-id must be at most %d bytes of UTF-8 and not start with '$'",
                    SESSION_CLIENT_ID_MAX);
        return FALSE;
    }
    if (!options->tls && !session_host_is_loopback(options->host)) {
        g_set_error(error, MQTT_ERROR, MQTT_ERROR_CONFIG,
                    "[broker] tls=false is for loopback hosts only, and %s is none; set tls=true",
                    options->host);
        return FALSE;
    }
    if (options->tls && (options->ca_file == NULL || options->certificate_file == NULL ||
                         options->private_key_file == NULL)) {
        g_set_error_literal(error, MQTT_ERROR, MQTT_ERROR_CONFIG,
                            "[broker] ca-file, certificate-file and private-key-file are needed "
                            "with tls=true");
        return FALSE;
    }
    return TRUE;
}

static gboolean
session_make_mqtt(Session *self, GError **error)
{
    const SessionOptions *options = &self->options;
    MqttOptions mqtt = {
        .host = options->host,
        .port = options->port,
        .tls = options->tls,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .private_key = options->private_key_file,
        .client_id = options->client_id,
        .keep_alive_s = options->keep_alive_s,
        .proxy = options->proxy,
    };

    self->mqtt = mqtt_new(&mqtt, &session_mqtt_callbacks, self, error);
    return self->mqtt != NULL;
}

static void
session_make_parts(Session *self)
{
    gint64 scale = (gint64)clock_scale();
    OutboxTimes times = {
        .progress_interval_ms = MAX(self->options.progress_interval_ms, 0),
        .request_timeout_ms = MAX(self->options.request_timeout_ms, 1),
        .ask_first_ms = MAX(SESSION_ASK_FIRST_MS / scale, 1),
        .retry_first_ms = MAX(SESSION_RETRY_FIRST_MS / scale, 1),
        .retry_cap_ms = MAX(SESSION_RETRY_CAP_MS / scale, 1),
    };

    self->outbox = outbox_new(&times);
    self->requests = requests_new(times.request_timeout_ms, times.ask_first_ms, times.retry_cap_ms);
    self->held = held_new();
    self->streams = g_ptr_array_new_with_free_func(session_stream_channel_free);
    self->filters = topics_filters(self->options.thing_name);
    self->run = g_strdup_printf(SESSION_RUN_PREFIX "%08x", g_random_int());
    self->pull_ms = ATTEMPTS_NEVER;
    self->resync_ms = ATTEMPTS_NEVER;
    self->resubscribe_ms = ATTEMPTS_NEVER;
    self->settled_ms = G_MININT64 / 2;
    backoff_init(&self->reconnect, SESSION_RECONNECT_FIRST_MS, SESSION_RECONNECT_CAP_MS);
    backoff_init(&self->resubscribe, SESSION_RETRY_FIRST_MS, SESSION_RETRY_CAP_MS);
}

Session *
session_new(const SessionOptions *options, const SessionCallbacks *callbacks, gpointer user_data,
            GError **error)
{
    if (!session_check_options(options, error))
        return NULL;
    g_autoptr(Session) self = g_new0(Session, 1);
    session_copy_options(self, options);
    self->callbacks = *callbacks;
    self->user_data = user_data;
    session_make_parts(self);
    if (!session_make_mqtt(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
session_free(Session *self)
{
    if (self == NULL)
        return;
    clock_timer_clear(&self->timer);
    clock_timer_clear(&self->link_timer);
    clock_timer_clear(&self->stop_timer);
    mqtt_free(self->mqtt);
    g_clear_pointer(&self->streams, g_ptr_array_unref);
    outbox_free(self->outbox);
    requests_free(self->requests);
    held_free(self->held);
    jobs_execution_free(self->head);
    g_strfreev(self->filters);
    g_free(self->run);
    g_free(self->outage_why);
    g_free(self->options.host);
    g_free(self->options.ca_file);
    g_free(self->options.certificate_file);
    g_free(self->options.private_key_file);
    g_free(self->options.client_id);
    g_free(self->options.proxy);
    g_free(self->options.thing_name);
    g_free(self);
}

void
session_start(Session *self)
{
    if (self->started)
        return;
    self->started = TRUE;
    session_link_connect_in(self, 0);
}

static gboolean
session_on_stop_time(gpointer user_data)
{
    session_maybe_done(user_data, TRUE);
    return G_SOURCE_REMOVE;
}

static gboolean
session_on_done(gpointer user_data)
{
    Session *self = user_data;
    GSourceFunc done = self->done;

    clock_timer_clear(&self->stop_timer);
    session_link_event(self, SESSION_EVENT_STOP);
    if (done != NULL)
        done(self->done_data);
    return G_SOURCE_REMOVE;
}

void
session_maybe_done(Session *self, gboolean force)
{
    if (!self->stopping || self->stopped)
        return;
    if (!force && !outbox_is_empty(self->outbox))
        return;
    clock_timer_clear(&self->stop_timer);
    self->stop_timer = clock_timer_add(0, session_on_done, self);
}

void
session_stop(Session *self, gint64 flush_ms, GSourceFunc done, gpointer user_data)
{
    if (self->stopping)
        return;
    self->stopping = TRUE;
    self->done = done;
    self->done_data = user_data;
    outbox_flush(self->outbox, session_now());
    session_send(self);
    self->stop_timer = clock_timer_add(MAX(flush_ms, 0), session_on_stop_time, self);
    session_maybe_done(self, FALSE);
}

void
session_set_room(Session *self, guint room)
{
    gboolean raised = room > self->room;

    self->room = room;
    self->room_said = TRUE;
    if (!raised || self->stopping)
        return;
    /* Right after a final status the service tells the next one by itself. */
    gint64 expected_ms = self->settled_ms + SESSION_HEAD_EXPECTED_MS / (gint64)clock_scale();
    gboolean expected = session_now() < expected_ms || outbox_unsettled(self->outbox) > 0;
    if (self->head != NULL)
        session_plan_pull(self, 0);
    else if (expected && self->options.workflow != SESSION_AVAILABLE)
        session_plan_pull(self, SESSION_HEAD_EXPECTED_MS);
    else
        session_pull(self);
    session_send(self);
}

void
session_hold(Session *self, const ExecutionId *id)
{
    held_set(self->held, id, HELD_RUNNING);
    requests_put(self->requests, REQUEST_WATCH, id, 0, session_now());
    session_send(self);
}

void
session_claim(Session *self, const ExecutionId *id, guint step_timeout_minutes,
              const Details *details)
{
    held_set(self->held, id, HELD_CLAIMING);
    outbox_claim(self->outbox, id, step_timeout_minutes, details,
                 self->options.workflow == SESSION_AVAILABLE, session_now());
    session_send(self);
}

void
session_progress(Session *self, const ExecutionId *id, guint step_timeout_minutes,
                 const Details *details, gboolean urgent)
{
    HeldPhase phase = held_get(self->held, id);

    if (phase != HELD_RUNNING && phase != HELD_CLAIMING)
        return;
    outbox_progress(self->outbox, id, step_timeout_minutes, details, urgent, session_now());
    session_send(self);
}

void
session_finish(Session *self, const ExecutionId *id, ExecutionStatus status, const Details *details)
{
    held_set(self->held, id, HELD_FINISHING);
    requests_cancel(self->requests, REQUEST_WATCH, id);
    outbox_final(self->outbox, id, status, details, session_now());
    session_send(self);
}

void
session_refresh(Session *self, const ExecutionId *id)
{
    requests_put(self->requests, REQUEST_REFRESH, id,
                 SESSION_REFRESH_TRIES * self->options.request_timeout_ms, session_now());
    session_send(self);
}

void
session_release(Session *self, const ExecutionId *id, gboolean again_later)
{
    g_autoptr(ExecutionId) copy = execution_id_copy(id);

    session_stream_close(self, copy);
    outbox_forget(self->outbox, copy);
    requests_cancel(self->requests, REQUEST_WATCH, copy);
    requests_cancel(self->requests, REQUEST_REFRESH, copy);
    held_set(self->held, copy, again_later ? HELD_LEFT : HELD_OVER);
}

guint
session_unsettled(const Session *self)
{
    return outbox_unsettled(self->outbox);
}
