#include "bridge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gnetworking.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* What libmosquitto may say before it has the far end: a ClientHello or a CONNECT. */
#define BRIDGE_FIRST_WORDS_MAX (16 * 1024)

struct _Bridge {
    BridgeCallbacks callbacks;
    gpointer user_data;
    gboolean over;
    gboolean proxied;
    guint16 port;
    int client_fd; /* libmosquitto's end; borrowed */
    guint16 client_port;
    int listener;
    int peer; /* our end of the client's connection */
    GSource *listener_source;
    GSource *peer_source;
    gsize forwarded;
    GSocketClient *client;
    GCancellable *cancellable;
    GSocketConnection *far_end;
};

static void
bridge_drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
bridge_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
bridge_fail(Bridge *self, const char *why)
{
    if (self->over)
        return;
    self->over = TRUE;
    bridge_drop_source(&self->peer_source);
    bridge_drop_source(&self->listener_source);
    self->callbacks.failed(why, self->user_data);
}

static GSource *
bridge_watch(int fd, GUnixFDSourceFunc func, Bridge *self)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR);

    g_source_set_callback(source, G_SOURCE_FUNC(func), self, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

/* Passes on what the client said before its descriptor was the far end's. The client says nothing
 * more until the far end has answered, so nothing can overtake these bytes. */
static gboolean
bridge_on_peer(int peer, GIOCondition condition, gpointer user_data)
{
    Bridge *self = user_data;
    int fd = g_socket_get_fd(g_socket_connection_get_socket(self->far_end));

    for (;;) {
        guint8 words[4096];
        gssize got = recv(peer, words, sizeof words, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return G_SOURCE_CONTINUE;
        if (got <= 0)
            break;
        self->forwarded += (gsize)got;
        if (self->forwarded > BRIDGE_FIRST_WORDS_MAX ||
            send(fd, words, (gsize)got, MSG_NOSIGNAL) != got) {
            bridge_fail(self, "the connection broke while it was handed over");
            return G_SOURCE_REMOVE;
        }
    }
    self->over = TRUE;
    bridge_drop_source(&self->peer_source);
    self->callbacks.connected(self->user_data);
    return G_SOURCE_REMOVE;
}

/* Both ends are there: the client's descriptor becomes the far end's, which closes the client's
 * side of the loopback connection, so that its words end with an end of file. */
static void
bridge_switch(Bridge *self)
{
    if (self->peer < 0 || self->far_end == NULL)
        return;
    int fd = g_socket_get_fd(g_socket_connection_get_socket(self->far_end));
    if (dup3(fd, self->client_fd, O_CLOEXEC) < 0) {
        bridge_fail(self, "cannot hand the connection to the MQTT client");
        return;
    }
    self->peer_source = bridge_watch(self->peer, bridge_on_peer, self);
}

static gboolean
bridge_on_listener(int fd, GIOCondition condition, gpointer user_data)
{
    Bridge *self = user_data;
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    int peer = accept4(fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (peer < 0)
        return G_SOURCE_CONTINUE;
    if (self->client_port == 0 || ntohs(from.sin_port) != self->client_port) {
        close(peer);
        return G_SOURCE_CONTINUE;
    }
    self->peer = peer;
    bridge_drop_source(&self->listener_source);
    bridge_close(&self->listener);
    bridge_switch(self);
    return G_SOURCE_REMOVE;
}

/* GLib's sentences do not say where the proxy came from. */
static char *
bridge_explain(const Bridge *self, const GError *error)
{
    if (!self->proxied)
        return g_strdup(error->message);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED) ||
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH))
        return g_strdup_printf("%s; check user and password in [broker] proxy", error->message);
    return g_strdup_printf("%s; the way leads through [broker] proxy, check that too",
                           error->message);
}

static void
bridge_on_far_end(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    GSocketConnection *connection =
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
    Bridge *self = user_data;

    /* Cancelled: the bridge is freed already. */
    if (connection == NULL && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (connection == NULL) {
        g_autofree char *why = bridge_explain(self, error);
        bridge_fail(self, why);
        return;
    }
    self->far_end = connection;
    g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, 1,
                        NULL);
    bridge_switch(self);
}

static gboolean
bridge_listen(Bridge *self, GError **error)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->listener < 0 ||
        bind(self->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(self->listener, 4) != 0 ||
        getsockname(self->listener, (struct sockaddr *)&address, &size) != 0) {
        int saved = errno;
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(saved),
                    "cannot listen on 127.0.0.1: %s; is the loopback interface up?",
                    g_strerror(saved));
        return FALSE;
    }
    self->port = ntohs(address.sin_port);
    self->listener_source = bridge_watch(self->listener, bridge_on_listener, self);
    return TRUE;
}

Bridge *
bridge_new(const char *host, guint16 port, const char *proxy, const BridgeCallbacks *callbacks,
           gpointer user_data, GError **error)
{
    g_autoptr(Bridge) self = g_new0(Bridge, 1);
    g_autoptr(GSocketConnectable) address = g_network_address_new(host, port);

    self->callbacks = *callbacks;
    self->user_data = user_data;
    self->proxied = proxy != NULL;
    self->listener = -1;
    self->peer = -1;
    self->client_fd = -1;
    self->cancellable = g_cancellable_new();
    self->client = g_socket_client_new();
    if (!bridge_listen(self, error))
        return NULL;
    /* Only the configured proxy: looking for the desktop's would load modules and block. */
    g_socket_client_set_enable_proxy(self->client, proxy != NULL);
    if (proxy != NULL) {
        g_autoptr(GProxyResolver) resolver = g_simple_proxy_resolver_new(proxy, NULL);
        g_socket_client_set_proxy_resolver(self->client, resolver);
    }
    g_socket_client_connect_async(self->client, address, self->cancellable, bridge_on_far_end,
                                  self);
    return g_steal_pointer(&self);
}

guint16
bridge_port(const Bridge *self)
{
    return self->port;
}

void
bridge_set_client(Bridge *self, int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    self->client_fd = fd;
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        self->client_port = ntohs(address.sin_port);
}

void
bridge_free(Bridge *self)
{
    if (self == NULL)
        return;
    g_cancellable_cancel(self->cancellable);
    bridge_drop_source(&self->listener_source);
    bridge_drop_source(&self->peer_source);
    bridge_close(&self->listener);
    bridge_close(&self->peer);
    g_clear_object(&self->far_end);
    g_clear_object(&self->client);
    g_clear_object(&self->cancellable);
    g_free(self);
}
