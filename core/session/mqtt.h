/* One MQTT 3.1.1 connection on the main loop: libmosquitto without its threads and without its
 * surprises.
 *
 * Each mqtt_connect() is a fresh client with a clean session, so nothing from an earlier link is
 * ever sent again; what must survive is the caller's to keep. Requests go out with QoS 0 for the
 * same reason: the service's answer is the only receipt that counts.
 *
 * The return codes of libmosquitto drive this, its callbacks only inform; they are queued and
 * delivered when it is off the stack, so a callback may call anything here, mqtt_free() included.
 * No callback comes from inside a call. Nothing blocks (a slow key does: it signs in the
 * handshake).
 */
#pragma once

#include <glib.h>

/* How long the TCP connection may take, then the TLS handshake with CONNACK. The latter is longer
 * because TPM keys have been seen to take 50 s. Both are shortened by the test scale. */
#define MQTT_CONNECT_DEADLINE_MS   30000
#define MQTT_HANDSHAKE_DEADLINE_MS 60000
/* Shortest keep-alive libmosquitto takes. */
#define MQTT_KEEP_ALIVE_MIN_S      5
/* SUBACK code of a refused filter. */
#define MQTT_SUBSCRIBE_REFUSED     0x80

typedef struct {
    const char *host;
    guint16 port;
    gboolean tls;
    const char *ca_file;
    const char *certificate_file;
    const char *private_key;
    const char *client_id;
    guint keep_alive_s;
    const char *proxy; /* or NULL */
} MqttOptions;

typedef struct {
    void (*up)(gpointer user_data); /* CONNACK */
    /* SUBACK of what mqtt_subscribe() called id: one code per filter, in their order. */
    void (*subscribed)(int id, const int *codes, guint count, gpointer user_data);
    /* payload may hold anything; it ends with a NUL that length does not count. */
    void (*message)(const char *topic, const char *payload, gsize length, gpointer user_data);
    /* The attempt failed or the link is lost; once per mqtt_connect(). why is a sentence. */
    void (*down)(const char *why, gpointer user_data);
} MqttCallbacks;

typedef struct _Mqtt Mqtt;

/* options is copied; files are read here. MQTT_ERROR, VET_ERROR. */
Mqtt *mqtt_new(const MqttOptions *options, const MqttCallbacks *callbacks, gpointer user_data,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mqtt_free(Mqtt *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mqtt, mqtt_free)

/* Begins one attempt, dropping what there was. */
void mqtt_connect(Mqtt *self);
/* One SUBSCRIBE for all filters (NULL-terminated). Returns what its answer will be called, more
 * than 0; or 0 when nothing was sent. Only while up. */
int mqtt_subscribe(Mqtt *self, char *const *filters, int qos);
/* Its answer is not told. Only while up; otherwise nothing happens. */
void mqtt_unsubscribe(Mqtt *self, char *const *filters);
/* Only while up; otherwise nothing happens. */
void mqtt_publish(Mqtt *self, const char *topic, const void *payload, gsize length);
/* Bytes of payload at most that were published and the link has not taken yet: libmosquitto keeps
 * them without a bound, so whoever publishes much has to look. */
gsize mqtt_backlog(const Mqtt *self);
/* Says goodbye and closes; `down` does not follow. */
void mqtt_disconnect(Mqtt *self);
