#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_SCALE_MAX   10000
#define CLOCK_BOOT_ID_MAX 64

typedef struct {
    GSource source;
    gint64 ms;
    int fd; /* -1: fires through the source's ready time */
} ClockTimer;

gint64
clock_now(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return g_get_monotonic_time();
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* A machine out of descriptors still gets its timers, only without counting suspend. */
static void
clock_timer_arm_without_fd(ClockTimer *self)
{
    gint64 delay = MIN(self->ms, G_MAXINT64 / 4000);

    g_source_set_ready_time(&self->source,
                            self->ms <= 0 ? 0 : g_get_monotonic_time() + delay * 1000);
}

static void
clock_timer_arm(ClockTimer *self)
{
    struct itimerspec when = {0};

    if (self->fd < 0) {
        clock_timer_arm_without_fd(self);
        return;
    }
    when.it_value.tv_sec = (time_t)(self->ms / 1000);
    when.it_value.tv_nsec = (long)(self->ms % 1000) * 1000000L;
    if (timerfd_settime(self->fd, 0, &when, NULL) != 0)
        clock_timer_arm_without_fd(self);
}

static gboolean
clock_timer_dispatch(GSource *source, GSourceFunc func, gpointer user_data)
{
    ClockTimer *self = (ClockTimer *)source;
    guint64 expirations = 0;

    g_source_set_ready_time(source, -1);
    /* The count does not matter, only that the descriptor is quiet again; EAGAIN is as good. */
    while (self->fd >= 0 && read(self->fd, &expirations, sizeof expirations) < 0 && errno == EINTR)
        continue;
    if (func == NULL || func(user_data) == G_SOURCE_REMOVE)
        return G_SOURCE_REMOVE;
    if (!g_source_is_destroyed(source))
        clock_timer_arm(self);
    return G_SOURCE_CONTINUE;
}

static void
clock_timer_finalize(GSource *source)
{
    ClockTimer *self = (ClockTimer *)source;

    if (self->fd >= 0)
        close(self->fd);
}

static GSourceFuncs clock_timer_funcs = {
    .dispatch = clock_timer_dispatch,
    .finalize = clock_timer_finalize,
};

GSource *
clock_timer_add(gint64 ms, GSourceFunc func, gpointer user_data)
{
    GSource *source = g_source_new(&clock_timer_funcs, sizeof(ClockTimer));
    ClockTimer *self = (ClockTimer *)source;

    self->ms = ms;
    self->fd = ms > 0 ? timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK) : -1;
    if (ms > 0 && self->fd < 0)
        g_warning("cannot create a timer that counts suspend: %s; using one that does not",
                  g_strerror(errno));
    if (self->fd >= 0)
        g_source_add_unix_fd(source, self->fd, G_IO_IN);
    g_source_set_static_name(source, "clock timer");
    g_source_set_callback(source, func, user_data, NULL);
    clock_timer_arm(self);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

GSource *
clock_timer_add_scaled(gint64 ms, GSourceFunc func, gpointer user_data)
{
    return clock_timer_add(ms > 0 ? MAX(ms / clock_scale(), 1) : ms, func, user_data);
}

void
clock_timer_clear(GSource **timer)
{
    if (*timer == NULL)
        return;
    g_source_destroy(*timer);
    g_clear_pointer(timer, g_source_unref);
}

guint
clock_scale(void)
{
#ifdef ERRAND_TESTS
    const char *text = g_getenv("ERRAND_TEST_TIME_SCALE");
    guint64 scale = 1;

    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 1, CLOCK_SCALE_MAX, &scale, NULL))
        return (guint)scale;
#endif
    return 1;
}

static gssize
clock_read_start(const char *file, char *buffer, gsize size)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    gssize got = -1;
    int saved = 0;

    if (fd < 0)
        return -1;
    do
        got = read(fd, buffer, size);
    while (got < 0 && errno == EINTR);
    saved = errno;
    close(fd);
    errno = saved;
    return got;
}

char *
clock_boot_id(const char *file, GError **error)
{
    char buffer[2 * CLOCK_BOOT_ID_MAX];
    gssize got = clock_read_start(file, buffer, sizeof buffer - 1);

    if (got < 0) {
        int saved = errno;
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(saved),
                    "cannot read the boot id from %s: %s; check boot-id-file", file,
                    g_strerror(saved));
        return NULL;
    }
    buffer[got] = '\0';
    gboolean good = memchr(buffer, '\0', (gsize)got) == NULL;
    g_strstrip(buffer);
    gsize length = strlen(buffer);
    for (gsize i = 0; i < length; i++)
        good = good && g_ascii_isgraph(buffer[i]);
    if (!good || length == 0 || length > CLOCK_BOOT_ID_MAX) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s holds no boot id: wanted 1 to %d printable characters; check boot-id-file",
                    file, CLOCK_BOOT_ID_MAX);
        return NULL;
    }
    return g_strdup(buffer);
}

char *
clock_wall_text(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}
