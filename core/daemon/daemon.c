#include "wires.h"

#include "clock.h"
#include "durable.h"
#include "log.h"
#include "notify.h"
#include "strays.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

/* How long a running step of an operation that cannot be resumed may go on after SIGTERM; the
 * unit's TimeoutStopSec= is larger. A second signal ends the wait. */
#define STOP_GRACE_MS (30 * 1000)
/* How long the end waits for answers to statuses that were just sent. They are on disk and would be
 * sent again, so this is a courtesy to whoever watches the job. */
#define FLUSH_MS      (3 * 1000)
#define LOCK_WAIT_S   2

static void
on_alarm(int number)
{
    (void)number;
}

/* Waits a little: a child that a killed errandd was just starting holds its lock until it has
 * become its program. */
static gboolean
wait_for_lock(int fd)
{
    const struct sigaction interrupt = {.sa_handler = on_alarm};
    struct sigaction before;
    gboolean good;
    int saved;

    sigaction(SIGALRM, &interrupt, &before);
    alarm(LOCK_WAIT_S);
    good = flock(fd, LOCK_EX) == 0;
    saved = errno;
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    errno = saved;
    return good;
}

/* Two daemons on one state directory would each report the other's jobs as interrupted. */
static gboolean
take_lock(Daemon *self, GError **error)
{
    g_autofree char *path = g_build_filename(self->config->state_directory, "lock", NULL);
    int saved;

    self->lock_fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (self->lock_fd >= 0 && wait_for_lock(self->lock_fd))
        return TRUE;
    saved = errno;
    if (saved == EINTR)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                    "another errandd already uses %s: stop it, or give this one its own [paths] "
                    "state-directory",
                    self->config->state_directory);
    else
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(saved), "cannot lock %s: %s",
                    path, g_strerror(saved));
    return FALSE;
}

static gboolean
on_watchdog(gpointer user_data)
{
    notify_send("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void
start_watchdog(Daemon *self)
{
    guint64 interval_us = notify_watchdog_us();

    if (interval_us > 0)
        self->watchdog = clock_timer_add((gint64)(interval_us / 2000), on_watchdog, self);
}

static gboolean
on_stopped(gpointer user_data)
{
    Daemon *self = user_data;

    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

static gboolean
on_jobs_stopped(gpointer user_data)
{
    Daemon *self = user_data;

    session_stop(self->session, FLUSH_MS, on_stopped, self);
    return G_SOURCE_REMOVE;
}

static gboolean
on_signal(gpointer user_data)
{
    Daemon *self = user_data;

    if (self->stopping) {
        g_message("stopping at once on the second signal");
        g_main_loop_quit(self->loop);
        return G_SOURCE_CONTINUE;
    }
    self->stopping = TRUE;
    notify_send("STOPPING=1");
    g_message("stopping: no new jobs; what runs may go on for %d s", STOP_GRACE_MS / 1000);
    session_set_room(self->session, 0);
    dispatcher_stop(self->dispatcher, STOP_GRACE_MS, on_jobs_stopped, self);
    return G_SOURCE_CONTINUE;
}

/* What asks others to read their configuration again, or a terminal that closes: no reason to
 * interrupt jobs. */
static gboolean
on_hang_up(gpointer user_data)
{
    g_message("SIGHUP changes nothing: the configuration is read at the start; restart errandd for "
              "a new one");
    return G_SOURCE_CONTINUE;
}

Daemon *
daemon_new(const Config *config, GError **error)
{
    g_autoptr(Daemon) self = g_new0(Daemon, 1);

    self->config = config;
    self->lock_fd = -1;
    self->loop = g_main_loop_new(NULL, FALSE);
    if (!durable_make_directory(config->state_directory, error) || !take_lock(self, error))
        return NULL;
    if (!strays_adopt())
        g_warning("cannot adopt what a crashed step leaves behind: %s", g_strerror(errno));
    self->store = job_store_open(config->state_directory, error);
    if (self->store == NULL)
        return NULL;
    self->session = session_new(&config->session, &wires_from_session, self, error);
    if (self->session == NULL)
        return NULL;
    self->registry = registry_new((const char *const *)config->plugin_directories);
    registry_scan(self->registry);
    registry_log_faults(self->registry);
    self->dispatcher = dispatcher_new(&config->dispatcher, self->registry, self->store,
                                      &wires_from_dispatcher, self);
    self->signals[0] = g_unix_signal_add(SIGTERM, on_signal, self);
    self->signals[1] = g_unix_signal_add(SIGINT, on_signal, self);
    self->signals[2] = g_unix_signal_add(SIGHUP, on_hang_up, self);
    return g_steal_pointer(&self);
}

int
daemon_run(Daemon *self)
{
    dispatcher_recover(self->dispatcher);
    session_start(self->session);
    start_watchdog(self);
    notify_send("READY=1");
    g_main_loop_run(self->loop);
    return 0;
}

void
daemon_free(Daemon *self)
{
    if (self == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(self->signals); i++)
        g_clear_handle_id(&self->signals[i], g_source_remove);
    clock_timer_clear(&self->watchdog);
    clock_timer_clear(&self->reboot_timer);
    dispatcher_free(self->dispatcher);
    registry_free(self->registry);
    session_free(self->session);
    job_store_free(self->store);
    g_main_loop_unref(self->loop);
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    g_free(self);
}
