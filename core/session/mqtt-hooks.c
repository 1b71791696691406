#include "mqtt-private.h"

#include <string.h>

void
mqtt_event_free(gpointer data)
{
    MqttEvent *event = data;

    g_free(event->topic);
    g_free(event->payload);
    g_free(event->codes);
    g_free(event);
}

static MqttEvent *
mqtt_event_push(Mqtt *self, MqttEventKind kind)
{
    MqttEvent *event = g_new0(MqttEvent, 1);

    event->kind = kind;
    g_queue_push_tail(&self->events, event);
    return event;
}

static void
mqtt_on_connack(struct mosquitto *client, void *user_data, int code)
{
    Mqtt *self = user_data;

    if (code == 0) {
        mqtt_event_push(self, MQTT_EVENT_UP);
        return;
    }
    g_autofree char *why =
        g_strdup_printf("the broker refused the connection (CONNACK %d: %s); check that the "
                        "certificate is active and its policy allows iot:Connect on client/%s",
                        code, mosquitto_connack_string(code), self->client_id);
    mqtt_fail_later(self, why);
}

static void
mqtt_on_suback(struct mosquitto *client, void *user_data, int mid, int count, const int *codes)
{
    MqttEvent *event = mqtt_event_push(user_data, MQTT_EVENT_SUBSCRIBED);

    event->id = mid;
    event->count = count > 0 ? (guint)count : 0;
    event->codes = g_memdup2(codes, event->count * sizeof *codes);
}

static void
mqtt_on_message(struct mosquitto *client, void *user_data, const struct mosquitto_message *message)
{
    Mqtt *self = user_data;
    MqttEvent *event = mqtt_event_push(self, MQTT_EVENT_MESSAGE);

    event->topic = g_strdup(message->topic);
    event->length = message->payloadlen > 0 ? (gsize)message->payloadlen : 0;
    event->payload = g_malloc(event->length + 1);
    if (event->length > 0)
        memcpy(event->payload, message->payload, event->length);
    event->payload[event->length] = '\0';
    /* libmosquitto has just written a PUBACK. */
    if (message->qos > 0)
        self->write_ms = clock_now() / 1000;
}

static void
mqtt_on_log(struct mosquitto *client, void *user_data, int level, const char *text)
{
    Mqtt *self = user_data;

    if (level != MOSQ_LOG_ERR)
        return;
    g_free(self->last_error);
    self->last_error = g_strdup(text);
}

void
mqtt_set_hooks(struct mosquitto *client)
{
    mosquitto_connect_callback_set(client, mqtt_on_connack);
    mosquitto_subscribe_callback_set(client, mqtt_on_suback);
    mosquitto_message_callback_set(client, mqtt_on_message);
    mosquitto_log_callback_set(client, mqtt_on_log);
}

static char *
mqtt_explain(const Mqtt *self, int rc)
{
    const char *refused = self->tls != NULL ? mqtt_tls_verify_failure(self->tls) : NULL;

    if (refused != NULL)
        return g_strdup(refused);
    if (!self->up && self->tls != NULL && self->last_error != NULL)
        return g_strdup_printf("the TLS handshake failed: %s; check the certificate and key, and "
                               "that the broker knows them",
                               self->last_error);
    if (!self->up && rc == MOSQ_ERR_CONN_LOST)
        return g_strdup_printf("the broker closed the connection before CONNACK; check that the "
                               "certificate is active and its policy allows iot:Connect on "
                               "client/%s",
                               self->client_id);
    if (rc == MOSQ_ERR_CONN_LOST)
        return g_strdup("the connection was closed");
    if (rc == MOSQ_ERR_KEEPALIVE)
        return g_strdup("the broker has fallen silent");
    return g_strdup_printf("%s (libmosquitto code %d)", mosquitto_strerror(rc), rc);
}

void
mqtt_fail_code(Mqtt *self, int rc)
{
    g_autofree char *why = mqtt_explain(self, rc);

    mqtt_fail_later(self, why);
}

static gboolean mqtt_on_keep_alive(gpointer user_data);

static void
mqtt_keep_alive_arm(Mqtt *self, gint64 ms)
{
    clock_timer_clear(&self->keep_alive);
    self->keep_alive = clock_timer_add(MAX(ms, 1), mqtt_on_keep_alive, self);
}

static gboolean
mqtt_on_keep_alive(gpointer user_data)
{
    Mqtt *self = user_data;
    gint64 period_ms = (gint64)self->keep_alive_s * 1000;
    gint64 now_ms = clock_now() / 1000;

    if (self->ping_ms > 0 && self->read_ms < self->ping_ms) {
        mqtt_fail_later(self, "the broker has been silent for one and a half keep-alive times");
        return G_SOURCE_REMOVE;
    }
    self->ping_ms = 0;
    gint64 due_ms = MIN(self->read_ms, self->write_ms) + period_ms;
    if (now_ms < due_ms) {
        mqtt_keep_alive_arm(self, due_ms - now_ms + 1);
        return G_SOURCE_REMOVE;
    }
    int rc = mosquitto_loop_misc(self->client);
    if (rc != MOSQ_ERR_SUCCESS) {
        mqtt_fail_code(self, rc);
        return G_SOURCE_REMOVE;
    }
    self->ping_ms = now_ms;
    self->write_ms = now_ms;
    /* libmosquitto restarts both of its times here. */
    self->read_ms = now_ms - 1;
    mqtt_keep_alive_arm(self, period_ms / 2 - 200);
    return G_SOURCE_REMOVE;
}

void
mqtt_keep_alive_start(Mqtt *self)
{
    gint64 now_ms = clock_now() / 1000;

    self->read_ms = now_ms;
    self->write_ms = now_ms;
    self->ping_ms = 0;
    mqtt_keep_alive_arm(self, (gint64)self->keep_alive_s * 1000 + 1);
}
