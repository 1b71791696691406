/* RAUC's service (de.pengutronix.rauc) on the system bus, in calls that block.
 *
 * The connection is private and its main context its own: nothing is dispatched but while one of
 * these functions waits, and then errand_progress() is called every five seconds. The service is
 * bound by its process (its unique name), so that one that ended and was started again is never
 * taken for the one that began an installation.
 *
 * What the service says is checked for type and range; texts are cleaned by errand.
 */
#pragma once

#include <errand/plugin.h>
#include <gio/gio.h>
#include <stdbool.h>

#define RAUC_TEXT 256

typedef struct {
    errand_job *job;
    const char *step; /* what errand_progress() calls it; NULL: no percentages are told */
    GMainContext *context;
    GDBusConnection *bus;
    char *owner; /* the service's unique name */
    guint subscriptions[3];
    GSource *heartbeat;
    GSource *cancel;           /* NULL when a cancel has to wait */
    GCancellable *cancellable; /* becomes cancelled with the job */
    bool gone;                 /* the process, or the bus, is no longer there */
    bool completed;            /* an installation ended since this was set to false last */
    int32_t result;            /* its result, 0 for success */
    int32_t percent;           /* 0..99, -1 unknown: 100 is not the end and may mean failure */
    bool verified;             /* the service said that a signature is good */
    char stage[RAUC_TEXT];     /* the service's words for what it does */
} Rauc;

/* Finds the service, starts it by activation where the bus can. Waits a little for one that is just
 * starting. `cancellable`: later calls return early on a cancel. Tells `internal` when there is
 * none. rauc_close() in any case. */
int32_t rauc_open(Rauc *self, errand_job *job, bool cancellable);
void rauc_close(Rauc *self);

/* After `gone`: looks for a service again, for at most limit_ms. */
bool rauc_reopen(Rauc *self, int64_t limit_ms);

/* A method of the Installer interface. Takes `arguments`; NULL and *error when it failed. limit_ms
 * -1: as long as it takes. */
GVariant *rauc_call(Rauc *self, const char *method, GVariant *arguments, const char *reply_type,
                    int32_t limit_ms, GError **error);
/* A text property of it ("Operation", "LastError"). Free with g_free(). */
char *rauc_property(Rauc *self, const char *name, int32_t limit_ms, GError **error);

/* Waits for a signal, a cancel or the end of the service, at most limit_ms. */
void rauc_pause(Rauc *self, int32_t limit_ms);

/* Milliseconds since boot, suspend included. */
int64_t rauc_now_ms(void);
