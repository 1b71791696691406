/* The service manager's socket, by path and by abstract name, and its watchdog. */
#include "notify.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    char *directory;
    char *path;
    int fd;
} Manager;

static void
manager_listen(Manager *self, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gsize length = strlen(name);

    g_assert_cmpuint(length, <, sizeof address.sun_path);
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_cmpint(self->fd, >=, 0);
    g_assert_cmpint(bind(self->fd, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                    ==, 0);
}

static void
set_up(Manager *self, gconstpointer data)
{
    self->directory = g_dir_make_tmp("errand-notify-XXXXXX", NULL);
    self->path = g_build_filename(self->directory, "notify", NULL);
    self->fd = -1;
}

static void
tear_down(Manager *self, gconstpointer data)
{
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    if (self->fd >= 0)
        close(self->fd);
    g_unlink(self->path);
    g_assert_cmpint(g_rmdir(self->directory), ==, 0);
    g_free(self->directory);
    g_free(self->path);
}

static void
assert_received(const Manager *self, const char *expected)
{
    char text[256];
    gssize length = recv(self->fd, text, sizeof text - 1, 0);

    g_assert_cmpint(length, >=, 0);
    text[length] = '\0';
    g_assert_cmpstr(text, ==, expected);
}

static void
assert_sent_through(Manager *self, const char *name)
{
    manager_listen(self, name);
    g_setenv("NOTIFY_SOCKET", name, TRUE);
    notify_send("READY=1");
    notify_send("STATUS=%s: %s", "gateway-1", "connected");
    assert_received(self, "READY=1");
    assert_received(self, "STATUS=gateway-1: connected");
}

static void
test_path(Manager *self, gconstpointer data)
{
    assert_sent_through(self, self->path);
}

static void
test_abstract(Manager *self, gconstpointer data)
{
    g_autofree char *name = g_strconcat("@", self->path, NULL);

    assert_sent_through(self, name);
}

/* Logged at the 1st, 3rd and 9th time: all cases share the one count. */
static void
test_bad_socket(Manager *self, gconstpointer data)
{
    g_autofree char *long_name = g_strnfill(200, '/');

    g_setenv("NOTIFY_SOCKET", "", TRUE);
    notify_send("READY=1"); /* not asked for: nothing to complain about */
    g_setenv("NOTIFY_SOCKET", self->path, TRUE);
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*\"READY=1\"*No such file*");
    notify_send("READY=1");
    g_setenv("NOTIFY_SOCKET", long_name, TRUE);
    notify_send("READY=1");
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*\"READY=1\"*=////*not supported*");
    notify_send("READY=1");
    g_setenv("NOTIFY_SOCKET", "vsock:2:1234", TRUE);
    for (guint i = 4; i < 9; i++)
        notify_send("READY=1");
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*\"READY=1\"*=vsock:*not supported*");
    notify_send("READY=1");
    g_test_assert_expected_messages();
}

static gboolean
not_fatal(const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
    return FALSE;
}

/* Until the socket takes no more. */
static void
fill(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    while (sendto(fd, "fill", 4, 0, (struct sockaddr *)&address, sizeof address) == 4)
        continue;
    g_assert_cmpint(errno, ==, EAGAIN);
    close(fd);
}

/* The alarm ends a test that hangs. */
static void
test_manager_does_not_read(Manager *self, gconstpointer data)
{
    manager_listen(self, self->path);
    g_setenv("NOTIFY_SOCKET", self->path, TRUE);
    fill(self->path);
    g_test_log_set_fatal_handler(not_fatal, NULL);
    alarm(60);
    notify_send("WATCHDOG=1");
    alarm(0);
    assert_received(self, "fill");
}

static void
test_watchdog(Manager *self, gconstpointer data)
{
    g_autofree char *own = g_strdup_printf("%d", getpid());

    g_assert_cmpuint(notify_watchdog_us(), ==, 0);
    g_setenv("WATCHDOG_USEC", "30000000", TRUE);
    g_assert_cmpuint(notify_watchdog_us(), ==, 30000000);
    g_setenv("WATCHDOG_PID", own, TRUE);
    g_assert_cmpuint(notify_watchdog_us(), ==, 30000000);
    g_setenv("WATCHDOG_PID", "1", TRUE);
    g_assert_cmpuint(notify_watchdog_us(), ==, 0);
    g_setenv("WATCHDOG_PID", "me", TRUE);
    g_assert_cmpuint(notify_watchdog_us(), ==, 0);
}

static void
test_bad_watchdog(Manager *self, gconstpointer data)
{
    static const char *const values[] = {"", "0", "-1", "soon", "1e6", "99999999999999999999"};

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_setenv("WATCHDOG_USEC", values[i], TRUE);
        g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*WATCHDOG_USEC*");
        g_assert_cmpuint(notify_watchdog_us(), ==, 0);
        g_test_assert_expected_messages();
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/notify/path", Manager, NULL, set_up, test_path, tear_down);
    g_test_add("/notify/abstract", Manager, NULL, set_up, test_abstract, tear_down);
    g_test_add("/notify/bad-socket", Manager, NULL, set_up, test_bad_socket, tear_down);
    g_test_add("/notify/manager-does-not-read", Manager, NULL, set_up, test_manager_does_not_read,
               tear_down);
    g_test_add("/notify/watchdog", Manager, NULL, set_up, test_watchdog, tear_down);
    g_test_add("/notify/bad-watchdog", Manager, NULL, set_up, test_bad_watchdog, tear_down);
    return g_test_run();
}
