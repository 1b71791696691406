/* Any bytes as errand.conf, for the daemon and for errandctl. */
#include "config.h"
#include "fuzz.h"
#include "topics.h"

#include <sys/mman.h>
#include <unistd.h>

static void
check_faults(const Config *config)
{
    for (guint i = 0; i < config->faults->len; i++) {
        const char *fault = config->faults->pdata[i];

        g_assert_true(g_utf8_validate(fault, -1, NULL));
        g_assert_null(strchr(fault, '\n'));
    }
}

/* When it stands in the file once only: who names a group after it has told it. */
static void
check_password(const Config *config, const char *text)
{
    const char *at = config->session.proxy != NULL ? strrchr(config->session.proxy, '@') : NULL;
    g_autofree char *head =
        at != NULL ? g_strndup(config->session.proxy, (gsize)(at - config->session.proxy)) : NULL;
    const char *password = head != NULL ? strrchr(head, ':') : NULL;
    const char *first =
        password != NULL && strlen(password) > 5 ? strstr(text, password + 1) : NULL;

    if (first == NULL || strstr(first + 1, password + 1) != NULL)
        return;
    for (guint i = 0; i < config->faults->len; i++)
        g_assert_null(strstr(config->faults->pdata[i], password + 1));
}

/* What holds with faults, too, as reading goes on with the fallback. */
static void
check_ranges(const Config *config)
{
    const SessionOptions *session = &config->session;
    const DispatcherOptions *dispatcher = &config->dispatcher;

    g_assert_cmpuint(session->port, >=, 1);
    g_assert_cmpuint(session->keep_alive_s, >=, 5);
    g_assert_cmpint(session->progress_interval_ms, >=, 100);
    g_assert_cmpint(session->resync_interval_ms, >=, 1000);
    g_assert_cmpint(session->request_timeout_ms, >=, 500);
    g_assert_cmpuint(dispatcher->max_parallel, >=, 1);
    g_assert_cmpuint(dispatcher->max_parallel, <=, 64);
    g_assert_cmpuint(dispatcher->max_attempts, >=, 1);
    g_assert_cmpint(dispatcher->default_timeout_ms, >=, 1000);
    g_assert_cmpint(dispatcher->cancel_grace_ms, >=, 0);
    g_assert_nonnull(dispatcher->enabled);
    g_assert_nonnull(dispatcher->settings);
    g_assert_nonnull(dispatcher->handler_directories);
    g_assert_nonnull(config->plugin_directories);
}

static void
check_clean(const Config *config, ConfigUse use)
{
    const SessionOptions *session = &config->session;

    g_assert_true(g_path_is_absolute(config->state_directory));
    g_assert_nonnull(config->dispatcher.reboot_command[0]);
    g_assert_true(session->thing_name == NULL || topics_thing_name_valid(session->thing_name));
    if (session->workflow != SESSION_AVAILABLE)
        g_assert_cmpuint(config->dispatcher.max_parallel, ==, 1);
    if (use == CONFIG_LOCAL)
        return;
    g_assert_nonnull(session->host);
    g_assert_nonnull(session->thing_name);
    g_assert_nonnull(session->client_id);
    g_assert_true(!session->tls || (session->ca_file != NULL && session->certificate_file != NULL &&
                                    session->private_key_file != NULL));
}

static void
check(const char *path, ConfigUse use, const char *text)
{
    g_autoptr(Config) config = config_load(path, NULL, use);

    check_faults(config);
    check_ranges(config);
    check_password(config, text);
    if (config->faults->len == 0)
        check_clean(config, use);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("errand.conf", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

    g_autofree char *text = fuzz_string(data, size);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data, size), ==, (gssize)size);
    check(path, CONFIG_DAEMON, text);
    check(path, CONFIG_LOCAL, text);
    close(fd);
    return 0;
}
