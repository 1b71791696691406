#include "mqtt-private.h"

#include <errno.h>
#include <gio/gnetworking.h>
#include <string.h>
#include <sys/socket.h>

void
mqtt_fail_later(Mqtt *self, const char *why)
{
    if (self->failure == NULL)
        self->failure = g_strdup(why);
    g_source_set_ready_time(&self->source, 0);
}

static void
mqtt_drop_link(Mqtt *self)
{
    clock_timer_clear(&self->deadline);
    clock_timer_clear(&self->keep_alive);
    if (self->watch != NULL)
        g_source_remove_unix_fd(&self->source, self->watch);
    self->watch = NULL;
    self->watched_fd = -1;
    /* The bridge writes into libmosquitto's descriptor, so it goes first. */
    g_clear_pointer(&self->bridge, bridge_free);
    g_clear_pointer(&self->client, mosquitto_destroy);
    g_queue_clear_full(&self->events, mqtt_event_free);
    g_clear_pointer(&self->failure, g_free);
    g_clear_pointer(&self->last_error, g_free);
    self->up = FALSE;
    self->ping_ms = 0;
    self->backlog = 0;
}

static void
mqtt_report_down(Mqtt *self)
{
    g_autofree char *why = g_steal_pointer(&self->failure);

    mqtt_drop_link(self);
    self->callbacks.down(why, self->user_data);
}

static gboolean
mqtt_on_deadline(gpointer user_data)
{
    Mqtt *self = user_data;

    mqtt_fail_later(self, !self->bridged
                              ? "the broker's address did not answer in time"
                              : "the broker accepted the connection but did not finish the "
                                "handshake in time");
    return G_SOURCE_REMOVE;
}

static void
mqtt_arm_deadline(Mqtt *self, gint64 ms)
{
    clock_timer_clear(&self->deadline);
    self->deadline = clock_timer_add_scaled(ms, mqtt_on_deadline, self);
}

/* A broker with Nagle's algorithm on sends its second small packet only when the first was
 * acknowledged; without this the kernel takes 40 ms for that. The flag does not stick. */
static void
mqtt_acknowledge_quickly(Mqtt *self)
{
    int on = 1;

    if (self->watched_fd >= 0)
        setsockopt(self->watched_fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void
mqtt_update_watch(Mqtt *self)
{
    int fd = self->client != NULL ? mosquitto_socket(self->client) : -1;
    GIOCondition wanted = G_IO_IN;

    if (fd >= 0 && mosquitto_want_write(self->client))
        wanted |= G_IO_OUT;
    if (fd != self->watched_fd) {
        if (self->watch != NULL)
            g_source_remove_unix_fd(&self->source, self->watch);
        self->watch = fd >= 0 ? g_source_add_unix_fd(&self->source, fd, wanted) : NULL;
    } else if (self->watch != NULL && wanted != self->watched_for) {
        /* Wakes the loop, hence only on a change. */
        g_source_modify_unix_fd(&self->source, self->watch, wanted);
    }
    self->watched_fd = fd;
    self->watched_for = wanted;
}

/* After any call that may have queued a packet. */
static void
mqtt_flush(Mqtt *self)
{
    if (self->client == NULL)
        return;
    if (self->up && self->failure == NULL && mosquitto_want_write(self->client)) {
        int rc = mosquitto_loop_write(self->client, 1);
        if (rc != MOSQ_ERR_SUCCESS)
            mqtt_fail_code(self, rc);
    }
    if (!mosquitto_want_write(self->client))
        self->backlog = 0;
    mqtt_update_watch(self);
}

static void
mqtt_deliver(Mqtt *self, MqttEvent *event)
{
    switch (event->kind) {
    case MQTT_EVENT_UP:
        clock_timer_clear(&self->deadline);
        g_clear_pointer(&self->bridge, bridge_free);
        self->up = TRUE;
        mqtt_keep_alive_start(self);
        self->callbacks.up(self->user_data);
        break;
    case MQTT_EVENT_SUBSCRIBED:
        self->callbacks.subscribed(event->id, event->codes, event->count, self->user_data);
        break;
    case MQTT_EVENT_MESSAGE:
        self->callbacks.message(event->topic, event->payload, event->length, self->user_data);
        break;
    }
}

static int
mqtt_turn(Mqtt *self, GIOCondition condition)
{
    int rc = MOSQ_ERR_SUCCESS;

    if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR)) {
        rc = mosquitto_loop_read(self->client, 1);
        self->read_ms = clock_now() / 1000;
        mqtt_acknowledge_quickly(self);
    }
    if (rc == MOSQ_ERR_SUCCESS && (condition & G_IO_OUT) && mosquitto_socket(self->client) >= 0)
        rc = mosquitto_loop_write(self->client, 1);
    /* libmosquitto 2.0.11 takes a connection that breaks in the handshake for success and would be
     * woken for ever. */
    if (rc == MOSQ_ERR_SUCCESS && !self->up && (condition & (G_IO_HUP | G_IO_ERR)))
        rc = MOSQ_ERR_CONN_LOST;
    return rc;
}

static gboolean
mqtt_dispatch(GSource *source, GSourceFunc unused, gpointer unused_data)
{
    Mqtt *self = (Mqtt *)source;
    GIOCondition condition =
        self->watch != NULL ? g_source_query_unix_fd(source, self->watch) : (GIOCondition)0;

    g_source_set_ready_time(source, -1);
    if (self->client != NULL && self->failure == NULL && condition != 0) {
        int rc = mqtt_turn(self, condition);
        if (rc != MOSQ_ERR_SUCCESS)
            mqtt_fail_code(self, rc);
    }
    while (!g_source_is_destroyed(source) && self->events.length > 0) {
        MqttEvent *event = g_queue_pop_head(&self->events);
        mqtt_deliver(self, event);
        mqtt_event_free(event);
    }
    if (g_source_is_destroyed(source))
        return G_SOURCE_REMOVE;
    mqtt_flush(self);
    if (self->failure != NULL) {
        g_source_set_ready_time(source, -1);
        mqtt_report_down(self);
    }
    return G_SOURCE_CONTINUE;
}

static void
mqtt_finalize(GSource *source)
{
    Mqtt *self = (Mqtt *)source;

    g_clear_pointer(&self->tls, mqtt_tls_free);
    g_free(self->host);
    g_free(self->client_id);
    g_free(self->proxy);
    mosquitto_lib_cleanup();
}

static GSourceFuncs mqtt_source_funcs = {
    .dispatch = mqtt_dispatch,
    .finalize = mqtt_finalize,
};

static gboolean
mqtt_read_tls(Mqtt *self, const MqttOptions *options, GError **error)
{
    MqttTlsOptions tls = {
        .host = options->host,
        .port = options->port,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .private_key = options->private_key,
    };

    if (!options->tls)
        return TRUE;
    self->tls = mqtt_tls_new(&tls, error);
    return self->tls != NULL;
}

Mqtt *
mqtt_new(const MqttOptions *options, const MqttCallbacks *callbacks, gpointer user_data,
         GError **error)
{
    Mqtt *self = (Mqtt *)g_source_new(&mqtt_source_funcs, sizeof(Mqtt));

    mosquitto_lib_init();
    g_source_set_static_name(&self->source, "mqtt");
    self->callbacks = *callbacks;
    self->user_data = user_data;
    self->host = g_strdup(options->host);
    self->port = options->port;
    self->client_id = g_strdup(options->client_id);
    self->keep_alive_s = CLAMP(options->keep_alive_s, MQTT_KEEP_ALIVE_MIN_S, G_MAXUINT16);
    self->proxy =
        options->proxy != NULL && *options->proxy != '\0' ? g_strdup(options->proxy) : NULL;
    self->watched_fd = -1;
    g_queue_init(&self->events);
    if (!mqtt_read_tls(self, options, error)) {
        g_source_unref(&self->source);
        return NULL;
    }
    g_source_attach(&self->source, g_main_context_get_thread_default());
    return self;
}

void
mqtt_free(Mqtt *self)
{
    if (self == NULL)
        return;
    mqtt_drop_link(self);
    g_source_destroy(&self->source);
    g_source_unref(&self->source);
}

static void
mqtt_on_bridge_connected(gpointer user_data)
{
    Mqtt *self = user_data;

    mqtt_acknowledge_quickly(self);
    mqtt_arm_deadline(self, MQTT_HANDSHAKE_DEADLINE_MS);
    self->bridged = TRUE;
}

static void
mqtt_on_bridge_failed(const char *why, gpointer user_data)
{
    mqtt_fail_later(user_data, why);
}

static gboolean
mqtt_prepare_client(Mqtt *self, GError **error)
{
    static const BridgeCallbacks callbacks = {
        .connected = mqtt_on_bridge_connected,
        .failed = mqtt_on_bridge_failed,
    };

    self->bridge = bridge_new(self->host, self->port, self->proxy, &callbacks, self, error);
    if (self->bridge == NULL)
        return FALSE;
    self->client = mosquitto_new(self->client_id, true, self);
    if (self->client == NULL) {
        g_set_error(error, MQTT_ERROR, MQTT_ERROR_LIBRARY, "cannot make an MQTT client: %s",
                    g_strerror(errno));
        return FALSE;
    }
    mqtt_set_hooks(self->client);
    mosquitto_int_option(self->client, MOSQ_OPT_TCP_NODELAY, 1);
    if (self->tls != NULL) {
        mqtt_tls_begin(self->tls);
        mosquitto_int_option(self->client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
        mosquitto_void_option(self->client, MOSQ_OPT_SSL_CTX, mqtt_tls_context(self->tls));
    }
    return TRUE;
}

void
mqtt_connect(Mqtt *self)
{
    g_autoptr(GError) error = NULL;

    mqtt_drop_link(self);
    self->bridged = FALSE;
    if (!mqtt_prepare_client(self, &error)) {
        mqtt_fail_later(self, error->message);
        return;
    }
    int rc = mosquitto_connect_async(self->client, "127.0.0.1", bridge_port(self->bridge),
                                     (int)self->keep_alive_s);
    if (rc != MOSQ_ERR_SUCCESS) {
        mqtt_fail_code(self, rc);
        return;
    }
    bridge_set_client(self->bridge, mosquitto_socket(self->client));
    mqtt_arm_deadline(self, MQTT_CONNECT_DEADLINE_MS);
    mqtt_update_watch(self);
}

int
mqtt_subscribe(Mqtt *self, char *const *filters, int qos)
{
    int count = (int)g_strv_length((char **)filters);
    int id = 0;

    if (!self->up)
        return 0;
    self->write_ms = clock_now() / 1000;
    int rc = mosquitto_subscribe_multiple(self->client, &id, count, filters, qos, 0, NULL);
    if (rc != MOSQ_ERR_SUCCESS)
        mqtt_fail_code(self, rc);
    mqtt_flush(self);
    return rc == MOSQ_ERR_SUCCESS ? id : 0;
}

void
mqtt_unsubscribe(Mqtt *self, char *const *filters)
{
    int count = (int)g_strv_length((char **)filters);

    if (!self->up)
        return;
    self->write_ms = clock_now() / 1000;
    int rc = mosquitto_unsubscribe_multiple(self->client, NULL, count, filters, NULL);
    if (rc != MOSQ_ERR_SUCCESS)
        mqtt_fail_code(self, rc);
    mqtt_flush(self);
}

void
mqtt_publish(Mqtt *self, const char *topic, const void *payload, gsize length)
{
    if (!self->up)
        return;
    self->write_ms = clock_now() / 1000;
    self->backlog += length;
    int rc = mosquitto_publish(self->client, NULL, topic, (int)length, payload, 0, false);
    if (rc != MOSQ_ERR_SUCCESS)
        mqtt_fail_code(self, rc);
    mqtt_flush(self);
}

gsize
mqtt_backlog(const Mqtt *self)
{
    return self->backlog;
}

void
mqtt_disconnect(Mqtt *self)
{
    if (self->up)
        mosquitto_disconnect(self->client);
    mqtt_drop_link(self);
}
