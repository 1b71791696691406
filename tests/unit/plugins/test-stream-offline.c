/* Plugin download from a stream while the gateway has no link: it waits, and only time ends that.
 */
#include "stream-service.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define SIZE (100 * 4096)

typedef struct {
    char *directory;
    FakeHost *host;
} World;

static void
set_up(World *world, gconstpointer data)
{
    g_autofree char *made = g_dir_make_tmp("errand-offline-XXXXXX", NULL);
    g_autofree char *document = NULL;

    world->directory = realpath(made, NULL);
    document = g_strdup_printf("{'operation':'download','stream':'s-1','file':3,'path':'%s/file'}",
                               world->directory);
    stream_service_begin(SIZE);
    world->host = fake_host_new("download", "download", document);
    fake_host_set(world->host, "directories", world->directory);
    fake_host_set(world->host, "retry-delay", "1ms");
    fake_host_set(world->host, "stream-block-size", "4096");
    stream_service_attach(world->host);
}

static void
tear_down(World *world, gconstpointer data)
{
    g_autofree char *target = g_build_filename(world->directory, "file", NULL);

    fake_host_free(world->host);
    g_unlink(target);
    g_assert_cmpint(g_rmdir(world->directory), ==, 0);
    free(world->directory);
    stream_service_end();
}

static guint
occurrences(const char *text, const char *part)
{
    guint count = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void
test_not_counted(World *world, gconstpointer data)
{
    service->describe_errors = service->get_errors = 50;
    service->describe_error = service->get_error = -ENETDOWN;
    service->get_after = 1;
    fake_host_set(world->host, "retries", "1");
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(service->n_described, ==, 51);
    g_assert_cmpuint(service->n_gets, ==, 4 + 50);
    g_assert_cmpuint(world->host->n_progress, >, 100);
    g_assert_cmpuint(occurrences(world->host->log->str, "the gateway is offline"), ==, 2);
}

static void
offline_for_ever(World *world, const char *setting, const char *value)
{
    service->get_errors = G_MAXINT;
    service->get_error = -ENETDOWN;
    fake_host_set(world->host, setting, value);
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, "download-failed");
}

static void
test_retry_time_ends_it(World *world, gconstpointer data)
{
    offline_for_ever(world, "retry-time", "200ms");
    g_assert_nonnull(strstr(world->host->message, "offline"));
}

static void
test_time_limit_ends_it(World *world, gconstpointer data)
{
    offline_for_ever(world, "time-limit", "200ms");
    g_assert_nonnull(strstr(world->host->message, "time-limit"));
}

static void
test_time_limit_ends_failures(World *world, gconstpointer data)
{
    service->get_errors = G_MAXINT;
    service->get_error = -EIO;
    fake_host_set(world->host, "retries", "1000000");
    fake_host_set(world->host, "time-limit", "200ms");
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, "download-failed");
    g_assert_nonnull(strstr(world->host->message, "time-limit"));
}

static void
cancel_soon(gpointer data)
{
    if (service->n_gets == 3)
        fake_host_cancel(data);
}

static void
test_cancel_ends_it(World *world, gconstpointer data)
{
    service->get_errors = G_MAXINT;
    service->get_error = -ENETDOWN;
    service->on_get = cancel_soon;
    service->data = world->host;
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_CANCELLED, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/stream-offline/" path, World, NULL, set_up, func, tear_down)
    ADD("not-counted", test_not_counted);
    ADD("retry-time-ends-it", test_retry_time_ends_it);
    ADD("time-limit-ends-it", test_time_limit_ends_it);
    ADD("time-limit-ends-failures", test_time_limit_ends_failures);
    ADD("cancel-ends-it", test_cancel_ends_it);
    return g_test_run();
}
