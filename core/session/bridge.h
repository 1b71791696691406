/* Opens the TCP connection that libmosquitto then uses.
 *
 * libmosquitto resolves names by blocking, tries one address only and knows no HTTP proxy. So it is
 * told to connect to a port on loopback that lives here for the time of one connect, while
 * GSocketClient makes the real connection: it resolves without blocking, falls back between IPv6
 * and IPv4 and speaks HTTP CONNECT. When both are there, libmosquitto's descriptor is replaced by
 * the connected one (dup3), the few bytes it has said so far are passed on, and the port is gone:
 * no extra hop, no extra wake-ups, and TLS runs end to end.
 *
 * Nobody else can use the port: only the connection that comes from libmosquitto's own socket (its
 * local port) is served, others are closed unread.
 *
 * Everything runs on the main context; nothing blocks.
 */
#pragma once

#include <gio/gio.h>

typedef struct _Bridge Bridge;

typedef struct {
    /* The descriptor now is the connection to the far end; called once. */
    void (*connected)(gpointer user_data);
    /* The far end cannot be reached; called once, nothing follows. */
    void (*failed)(const char *why, gpointer user_data);
} BridgeCallbacks;

/* Listens on 127.0.0.1 and starts to connect to host. proxy: http://user:password@host:port or
 * NULL. */
Bridge *bridge_new(const char *host, guint16 port, const char *proxy,
                   const BridgeCallbacks *callbacks, gpointer user_data,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint16 bridge_port(const Bridge *self);
/* The descriptor that libmosquitto connects to bridge_port() with; call right after the connect has
 * begun. */
void bridge_set_client(Bridge *self, int fd);
/* Not from inside its callbacks. */
void bridge_free(Bridge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bridge, bridge_free)
