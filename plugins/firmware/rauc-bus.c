#include "rauc-bus.h"

#include <glib-unix.h>
#include <string.h>
#include <time.h>

#define SERVICE   "de.pengutronix.rauc"
#define INSTALLER "de.pengutronix.rauc.Installer"
#define BUS       "org.freedesktop.DBus"
#define BUS_PATH  "/org/freedesktop/DBus"

#define HEARTBEAT_MS 5000  /* half of what backend.h asks for */
#define APPEAR_MS    5000  /* for a service that is being started, without activation */
#define RETRY_MS     250   /* between looks for one that is not there */
#define START_MS     25000 /* for activation; D-Bus' own default */
#define BUS_CALL_MS  5000  /* for what the bus itself answers */

typedef struct {
    GVariant *value;
    GError *error;
    bool done;
} Reply;

int64_t
rauc_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
on_reply(GObject *bus, GAsyncResult *result, gpointer data)
{
    Reply *reply = data;

    reply->value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &reply->error);
    reply->done = true;
}

static GVariant *
call(Rauc *self, const char *destination, const char *path, const char *interface,
     const char *method, GVariant *arguments, const char *type, int32_t limit_ms, GError **error)
{
    Reply reply = {0};

    g_dbus_connection_call(self->bus, destination, path, interface, method, arguments,
                           G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE,
                           limit_ms < 0 ? G_MAXINT : limit_ms, self->cancellable, on_reply, &reply);
    while (!reply.done)
        g_main_context_iteration(self->context, TRUE);
    if (reply.error != NULL) {
        g_dbus_error_strip_remote_error(reply.error);
        g_propagate_error(error, reply.error);
    }
    return reply.value;
}

GVariant *
rauc_call(Rauc *self, const char *method, GVariant *arguments, const char *reply_type,
          int32_t limit_ms, GError **error)
{
    return call(self, self->owner, "/", INSTALLER, method, arguments, reply_type, limit_ms, error);
}

char *
rauc_property(Rauc *self, const char *name, int32_t limit_ms, GError **error)
{
    g_autoptr(GVariant) reply =
        call(self, self->owner, "/", "org.freedesktop.DBus.Properties", "Get",
             g_variant_new("(ss)", INSTALLER, name), "(v)", limit_ms, error);
    g_autoptr(GVariant) value = NULL;

    if (reply == NULL)
        return NULL;
    g_variant_get(reply, "(v)", &value);
    if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                    "its property %s is of type %s, not text", name,
                    g_variant_get_type_string(value));
        return NULL;
    }
    return g_variant_dup_string(value, NULL);
}

/* ---- what it tells by itself ---- */

static void
tell_progress(const Rauc *self)
{
    errand_progress(self->job, self->step != NULL ? self->percent : -1, self->step);
}

static gboolean
on_heartbeat(gpointer data)
{
    Rauc *self = data;

    tell_progress(self);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_cancel(gint fd, GIOCondition condition, gpointer data)
{
    Rauc *self = data;

    g_cancellable_cancel(self->cancellable);
    return G_SOURCE_REMOVE;
}

static void
on_closed(GDBusConnection *bus, gboolean vanished, GError *error, gpointer data)
{
    Rauc *self = data;

    self->gone = true;
}

static void
on_owner_changed(GDBusConnection *bus, const gchar *sender, const gchar *path,
                 const gchar *interface, const gchar *signal, GVariant *arguments, gpointer data)
{
    Rauc *self = data;

    self->gone = true;
}

static void
on_completed(GDBusConnection *bus, const gchar *sender, const gchar *path, const gchar *interface,
             const gchar *signal, GVariant *arguments, gpointer data)
{
    Rauc *self = data;

    self->result = -1;
    if (g_variant_is_of_type(arguments, G_VARIANT_TYPE("(i)")))
        g_variant_get(arguments, "(i)", &self->result);
    self->completed = true;
}

static void
on_properties(GDBusConnection *bus, const gchar *sender, const gchar *path, const gchar *interface,
              const gchar *signal, GVariant *arguments, gpointer data)
{
    Rauc *self = data;
    g_autoptr(GVariant) changed = NULL;
    const char *text = NULL;
    gint32 percent = 0;

    if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    changed = g_variant_get_child_value(arguments, 1);
    if (!g_variant_lookup(changed, "Progress", "(i&si)", &percent, &text, NULL))
        return;
    self->percent = CLAMP(percent, 0, 99);
    self->verified |= strcmp(text, "Verifying signature done.") == 0;
    g_strlcpy(self->stage, text, sizeof self->stage);
    errand_log(self->job, ERRAND_LOG_DEBUG, self->stage);
    tell_progress(self);
}

/* ---- coming and going ---- */

static void
subscribe(Rauc *self)
{
    self->subscriptions[0] =
        g_dbus_connection_signal_subscribe(self->bus, BUS, BUS, "NameOwnerChanged", BUS_PATH,
                                           self->owner, 0, on_owner_changed, self, NULL);
    self->subscriptions[1] = g_dbus_connection_signal_subscribe(
        self->bus, self->owner, INSTALLER, "Completed", "/", NULL, 0, on_completed, self, NULL);
    self->subscriptions[2] = g_dbus_connection_signal_subscribe(
        self->bus, self->owner, "org.freedesktop.DBus.Properties", "PropertiesChanged", "/",
        INSTALLER, 0, on_properties, self, NULL);
}

static void
disconnect(Rauc *self)
{
    if (self->bus == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(self->subscriptions); i++) {
        if (self->subscriptions[i] != 0)
            g_dbus_connection_signal_unsubscribe(self->bus, self->subscriptions[i]);
        self->subscriptions[i] = 0;
    }
    g_signal_handlers_disconnect_by_data(self->bus, self);
    g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_clear_object(&self->bus);
    g_clear_pointer(&self->owner, g_free);
}

static bool
connect_bus(Rauc *self, GError **error)
{
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, error);

    if (address == NULL)
        return false;
    self->bus =
        g_dbus_connection_new_for_address_sync(address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, error);
    if (self->bus == NULL) {
        g_prefix_error(error, "%s: ", address);
        return false;
    }
    g_signal_connect(self->bus, "closed", G_CALLBACK(on_closed), self);
    return true;
}

static bool
find_owner(Rauc *self, GError **error)
{
    g_autoptr(GVariant) reply = call(self, BUS, BUS_PATH, BUS, "GetNameOwner",
                                     g_variant_new("(s)", SERVICE), "(s)", BUS_CALL_MS, error);

    if (reply == NULL)
        return false;
    g_variant_get(reply, "(s)", &self->owner);
    return true;
}

static bool
activate(Rauc *self, GError **error)
{
    g_autoptr(GVariant) reply = call(self, BUS, BUS_PATH, BUS, "StartServiceByName",
                                     g_variant_new("(su)", SERVICE, 0), "(u)", START_MS, error);

    return reply != NULL;
}

/* One attempt. The error of an activation says more than that the name is not there. */
static bool
attach(Rauc *self, bool *activated, GError **error)
{
    self->gone = false;
    if (!connect_bus(self, error))
        return false;
    if (!find_owner(self, NULL)) {
        if (!*activated && !activate(self, error)) {
            *activated = true;
            return false;
        }
        if (!find_owner(self, error))
            return false;
    }
    subscribe(self);
    return true;
}

static bool
find_service(Rauc *self, int64_t limit_ms, GError **error)
{
    int64_t end = rauc_now_ms() + limit_ms;
    bool activated = false;

    for (;;) {
        g_autoptr(GError) failure = NULL;

        if (attach(self, &activated, &failure))
            return true;
        disconnect(self);
        self->gone = false;
        if (rauc_now_ms() >= end || g_cancellable_is_cancelled(self->cancellable)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
        rauc_pause(self, RETRY_MS);
    }
}

static GSource *
attach_source(Rauc *self, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, self, NULL);
    g_source_attach(source, self->context);
    return source;
}

int32_t
rauc_open(Rauc *self, errand_job *job, bool cancellable)
{
    g_autoptr(GError) error = NULL;

    *self = (Rauc){.job = job, .percent = -1};
    self->context = g_main_context_new();
    g_main_context_push_thread_default(self->context);
    self->cancellable = g_cancellable_new();
    self->heartbeat = attach_source(self, g_timeout_source_new(HEARTBEAT_MS), on_heartbeat);
    if (cancellable)
        self->cancel = attach_source(self, g_unix_fd_source_new(errand_cancel_fd(job), G_IO_IN),
                                     G_SOURCE_FUNC(on_cancel));
    if (find_service(self, APPEAR_MS, &error))
        return ERRAND_SUCCEEDED;
    if (g_cancellable_is_cancelled(self->cancellable))
        return ERRAND_CANCELLED;
    return errand_fail(job, "internal",
                       "RAUC's service " SERVICE " cannot be reached on the system bus: %s; is the "
                       "package rauc-service installed, and what does 'systemctl status rauc' say?",
                       error->message);
}

bool
rauc_reopen(Rauc *self, int64_t limit_ms)
{
    disconnect(self);
    return find_service(self, limit_ms, NULL);
}

static void
clear_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

void
rauc_close(Rauc *self)
{
    disconnect(self);
    clear_source(&self->heartbeat);
    clear_source(&self->cancel);
    g_clear_object(&self->cancellable);
    g_main_context_pop_thread_default(self->context);
    g_clear_pointer(&self->context, g_main_context_unref);
}

static gboolean
on_pause_over(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

void
rauc_pause(Rauc *self, int32_t limit_ms)
{
    GSource *timer = g_timeout_source_new((guint)limit_ms);
    bool over = false;

    g_source_set_callback(timer, on_pause_over, &over, NULL);
    g_source_attach(timer, self->context);
    while (!over && !self->gone && !self->completed &&
           !g_cancellable_is_cancelled(self->cancellable))
        g_main_context_iteration(self->context, TRUE);
    clear_source(&timer);
}
