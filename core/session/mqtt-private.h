/* The inside of Mqtt. Private to mqtt*.c.
 *
 * mqtt.c          the source on the main loop: connects, reads, writes, delivers events
 * mqtt-hooks.c    what libmosquitto tells becomes events; why a link ended; keep-alive
 * mqtt-tls.c      the SSL_CTX it is given
 * mqtt-pkcs11.c   a private key on a token
 */
#pragma once

#include "bridge.h"
#include "clock.h"
#include "mqtt-tls.h"
#include "mqtt.h"

#include <mosquitto.h>

typedef enum { MQTT_EVENT_UP, MQTT_EVENT_SUBSCRIBED, MQTT_EVENT_MESSAGE } MqttEventKind;

/* Something libmosquitto told, to be delivered when it is off the stack. */
typedef struct {
    MqttEventKind kind;
    char *topic;
    char *payload;
    gsize length;
    int id;
    int *codes;
    guint count;
} MqttEvent;

struct _Mqtt {
    GSource source; /* polls the connection; ready time 0 means there is something to report */
    MqttCallbacks callbacks;
    gpointer user_data;
    char *host;
    guint16 port;
    char *client_id;
    guint keep_alive_s;
    char *proxy;
    MqttTls *tls; /* NULL for a plain connection */
    /* One link. */
    Bridge *bridge; /* until CONNACK */
    gboolean bridged;
    struct mosquitto *client;
    gpointer watch;
    int watched_fd;
    GIOCondition watched_for;
    GQueue events; /* MqttEvent */
    gboolean up;
    char *failure;    /* set: the link is over, and why */
    char *last_error; /* libmosquitto's last error line */
    GSource *deadline;
    GSource *keep_alive;
    gint64 read_ms;
    gint64 write_ms;
    gint64 ping_ms; /* 0: none unanswered */
    gsize backlog;  /* bytes published since the link last took all there was */
};

void mqtt_event_free(gpointer event);
/* Registers the callbacks that fill events and last_error. */
void mqtt_set_hooks(struct mosquitto *client);
/* Ends the link at the next turn of the loop; the first reason counts. */
void mqtt_fail_later(Mqtt *self, const char *why);
/* The same for a return code, with the best explanation there is. */
void mqtt_fail_code(Mqtt *self, int rc);
/* Pings when nothing was said for the keep-alive, and ends the link when half as much again brings
 * no answer. Wakes about twice per keep-alive. */
void mqtt_keep_alive_start(Mqtt *self);
