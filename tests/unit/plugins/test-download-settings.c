/* Plugin download: the owner's settings for transfers, good and bad, and runs that go on with what
 * an earlier one left. */
#include "download-host.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART ".errand-job-1-af63db4c8601ead9.part" /* of the file "f" */

static void
test_numbers(void)
{
    static const struct {
        const char *key, *value;
        gboolean good;
    } cases[] = {
        {"rate-limit", "500K", TRUE},    {"rate-limit", "fast", FALSE},
        {"stall-bytes", "1", TRUE},      {"stall-bytes", "-1", FALSE},
        {"stall-time", "90s", TRUE},     {"stall-time", "90", FALSE},
        {"retry-delay", "500ms", TRUE},  {"retry-delay", "0s", FALSE},
        {"retries", "1", TRUE},          {"retries", "0", FALSE},
        {"retries", "many", FALSE},      {"retry-time", "1d", TRUE},
        {"retry-time", "1y", FALSE},     {"traffic-limit", "2", TRUE},
        {"traffic-limit", "0", FALSE},   {"traffic-limit", "2.5", FALSE},
        {"time-limit", "2h", TRUE},      {"time-limit", "soon", FALSE},
        {"traffic-limit", "8G", TRUE},   {"no-proxy", "a;.b;10.0.0.0/8", TRUE},
        {"ca-file", "/no/matter", TRUE}, {"traffic-limit", "99999999999999999999", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = host_for("ok/s", "f", "");

        g_test_message("%s=%s", cases[i].key, cases[i].value);
        fake_host_set(host, cases[i].key, cases[i].value);
        fake_host_assert(host, fake_host_check(host),
                         cases[i].good ? ERRAND_SUCCEEDED : ERRAND_REJECTED,
                         cases[i].good ? NULL : "internal");
        if (!cases[i].good) {
            g_assert_nonnull(strstr(host->message, cases[i].key));
            g_assert_nonnull(strstr(host->message, "[plugin download]"));
        }
    }
}

static void
test_no_proxy_length(void)
{
    g_autoptr(FakeHost) host = host_for("ok/s", "f", "");
    g_autofree char *long_name = g_strnfill(1500, 'x');
    g_autofree char *list = g_strdup_printf("%s;%s", long_name, long_name);

    fake_host_set(host, "no-proxy", long_name);
    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_set(host, "no-proxy", list);
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "internal");
}

static void
assert_key(const char *path, const char *text)
{
    g_autoptr(FakeHost) host = host_for("ok/s", "f", "");

    g_test_message("%s", text != NULL ? text : "good");
    fake_host_set(host, "certificate-file", server->certificate);
    fake_host_set(host, "private-key-file", path);
    fake_host_assert(host, fake_host_check(host), text == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED,
                     text == NULL ? NULL : "internal");
    if (text != NULL) {
        g_assert_nonnull(strstr(host->message, text));
        g_assert_nonnull(strstr(host->message, path));
        g_assert_nonnull(strstr(host->message, "private-key-file"));
    }
}

static void
test_key(void)
{
    g_autofree char *key = g_build_filename(server->directory, "own.key", NULL);
    g_autofree char *link = g_build_filename(server->directory, "link.key", NULL);

    assert_key(key, "No such file");
    g_assert_true(g_file_set_contents(key, "x", 1, NULL));
    g_assert_cmpint(symlink(key, link), ==, 0);
    g_assert_cmpint(g_chmod(key, 0400), ==, 0);
    assert_key(key, NULL);
    assert_key(link, NULL);
    g_assert_cmpint(g_chmod(key, 0440), ==, 0);
    assert_key(key, "chmod 600");
    assert_key(link, "chmod 600");
    assert_key(server->directory, "no regular file");
    if (geteuid() == 0) {
        g_assert_cmpint(g_chmod(key, 0600), ==, 0);
        g_assert_cmpint(chown(key, 65534, 65534), ==, 0);
        assert_key(key, "belongs to user 65534");
    }
}

/* What a run that was cut off leaves: `size` bytes, and the state of state.c. */
static void
leave_part(FakeHost *host, off_t size, int64_t received, int64_t had, int64_t spent_ms)
{
    g_autofree char *path = g_build_filename(server->target, PART, NULL);
    g_autofree char *boot_id = NULL;
    struct {
        int32_t version;
        char boot_id[64];
        struct {
            char etag[256], modified[256];
            int64_t total;
        } identity;
        int64_t received, had, spent_ms;
    } state = {2, "", {"\"one\"", "Wed, 21 Oct 2015 07:28:00 GMT", CONTENT_SIZE}, 0, 0, 0};

    state.received = received;
    state.had = had;
    state.spent_ms = spent_ms;
    g_assert_true(g_file_set_contents(path, g_bytes_get_data(server->content, NULL),
                                      (gssize)MIN(size, CONTENT_SIZE), NULL));
    g_assert_cmpint(truncate(path, size), ==, 0);
    g_assert_true(g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot_id, NULL, NULL));
    g_strlcpy(state.boot_id, boot_id, sizeof state.boot_id);
    host->start = ERRAND_START_INTERRUPTED;
    host->state = g_bytes_new(&state, sizeof state);
}

/* Reading what is there takes its time, and nobody waits for that after a cancel. */
static void
test_cancel_while_checking(void)
{
    g_autofree char *more = g_strdup_printf(",'sha256':'%s'", server->sha256);
    g_autoptr(FakeHost) host = host_for("ok/checking", "f", more);

    leave_part(host, (off_t)1 << 40, 0, 0, 0);
    fake_host_cancel(host);
    fake_host_assert(host, fake_host_run(host), ERRAND_CANCELLED, NULL);
    g_assert_cmpuint(file_server_count(server, "/ok/checking"), ==, 0);
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
}

/* A beginning that is longer than the whole is none. */
static void
test_part_too_long(void)
{
    g_autoptr(FakeHost) host = host_for("ok/long", "f", "");

    leave_part(host, CONTENT_SIZE + 1, 0, 0, 0);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(file_server_count(server, "GET /ok/long -"), ==, 1);
    g_assert_true(file_server_is_whole(server, "f"));
}

static void
test_limits_of_earlier_runs(void)
{
    static const struct {
        int64_t received, had, spent_ms;
        const char *text; /* NULL: it goes on, or begins anew */
    } cases[] = {
        {1000000, 1000000, 1000, NULL},
        {(int64_t)10 * CONTENT_SIZE, 1000000, 1000, "traffic-limit"},
        {(int64_t)1 << 60, 0, 1000, "traffic-limit"},
        {INT64_MAX, 0, 0, NULL},
        {0, INT64_MAX, 0, NULL},
        {0, 0, INT64_MAX, NULL},
        {1000000, 1000000, 3600 * 1000, "time-limit"},
        {-1, 0, 0, NULL},
        {0, -1, 0, NULL},
        {0, 0, -1, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *where = g_strdup_printf("ok/earlier-%u", i);
        g_autoptr(FakeHost) host = host_for(where, "f", "");

        g_test_message("%u", i);
        fake_host_set(host, "time-limit", "30min");
        leave_part(host, 1000000, cases[i].received, cases[i].had, cases[i].spent_ms);
        fake_host_assert(host, fake_host_run(host),
                         cases[i].text == NULL ? ERRAND_SUCCEEDED : ERRAND_FAILED,
                         cases[i].text == NULL ? NULL : "download-failed");
        if (cases[i].text != NULL)
            g_assert_nonnull(strstr(host->message, cases[i].text));
        g_assert_cmpuint(file_server_n_files(server), ==, cases[i].text == NULL ? 1 : 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    download_begin();
    g_test_add_func("/settings/numbers", test_numbers);
    g_test_add_func("/settings/no-proxy-length", test_no_proxy_length);
    g_test_add_func("/settings/key", test_key);
    g_test_add_func("/settings/cancel-while-checking", test_cancel_while_checking);
    g_test_add_func("/settings/part-too-long", test_part_too_long);
    g_test_add_func("/settings/limits-of-earlier-runs", test_limits_of_earlier_runs);
    return download_end();
}
