/* How session and dispatcher, which know nothing of each other, are tied together: each callback
 * of one is a call of the other. Private to the daemon, whose parts are laid open here. */
#pragma once

#include "daemon.h"

struct _Daemon {
    const Config *config;
    GMainLoop *loop;
    Registry *registry;
    JobStore *store;
    Dispatcher *dispatcher;
    Session *session;
    GSource *watchdog;
    GSource *reboot_timer;
    guint signals[3];
    int lock_fd;
    gboolean stopping;
};

/* user_data of both is the Daemon. */
extern const SessionCallbacks wires_from_session;
extern const DispatcherCallbacks wires_from_dispatcher;
