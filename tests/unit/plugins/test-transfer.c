/* Plugin download: what a bad server or network can do to a file. */
#include "download-host.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_plain(void)
{
    g_autofree char *more =
        g_strdup_printf(",'sha256':'%s','size':%d,'mode':'0640'", server->sha256, CONTENT_SIZE);
    g_autoptr(FakeHost) host = host_for("ok/a%2Fb%20c/../x?X-Sig=%2b%2B", "f", more);
    g_autofree char *path = g_build_filename(server->target, "f", NULL);
    struct stat info;

    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(file_server_is_whole(server, "f"));
    g_assert_cmpuint(file_server_n_files(server), ==, 1);
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 07777, ==, 0640);
    g_assert_nonnull(fake_host_detail(host, "bytes"));
    g_assert_nonnull(fake_host_detail(host, "bytesPerSecond"));
    /* The URL goes out byte for byte, and nothing but GET. */
    g_assert_cmpuint(file_server_count(server, "GET /ok/a%2Fb%20c/../x?X-Sig=%2b%2B -"), ==, 1);
    g_assert_cmpuint(file_server_count(server, "HEAD"), ==, 0);
}

/* Each answers as it should, leaves nothing behind and takes so many requests. */
static void
test_permanent(void)
{
    static const struct {
        const char *where, *more, *word;
        guint requests;
    } cases[] = {
        {"status/404", "", "download-failed", 1},
        {"status/410", "", "download-failed", 1},
        {"status/400", "", "download-failed", 1},
        {"status/401", "", "download-failed", 1},
        {"status/405", "", "download-failed", 1},
        {"status/204", "", "download-failed", 1},
        {"status/304", "", "download-failed", 1},
        {"status/503", "", "download-failed", 8},
        {"status/408", "", "download-failed", 8},
        {"status/429", "", "download-failed", 8},
        {"never/1", "", "download-failed", 8},
        {"unasked/1", "", "download-failed", 1},
        {"huge/1", "", "no-space", 1},
        {"ok/size-1", ",'size':5", "checksum-mismatch", 1},
        {"ok/size-2", ",'size':4000000", "checksum-mismatch", 1},
        {"endless/1", ",'size':5000000", "checksum-mismatch", 1},
        {"nolength/1", ",'size':4000000", "checksum-mismatch", 1},
        {"empty/1", ",'size':1", "checksum-mismatch", 1},
        {"ok/huge", ",'size':1125899906842624", "no-space", 0},
        {"ok/sum", ",'sha256':'0000000000000000000000000000000000000000000000000000000000000000'",
         "checksum-mismatch", 1},
        {"hop/19", "", "download-failed", 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *where = g_strdup_printf("%s?secret", cases[i].where);
        g_autofree char *line = g_strdup_printf("GET /%s ", where);
        g_autoptr(FakeHost) host = host_for(where, "f", cases[i].more);

        g_test_message("%s %s", where, cases[i].more);
        fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, cases[i].word);
        g_assert_null(strstr(host->message, "secret"));
        g_assert_null(strstr(host->log->str, "secret"));
        g_assert_cmpuint(file_server_n_files(server), ==, 0);
        g_assert_cmpuint(file_server_count(server, line), ==, cases[i].requests);
    }
}

/* Each ends with the right file. */
static void
test_recovers(void)
{
    static const struct {
        const char *where;
        gboolean checksum;
        guint requests, with_range;
    } cases[] = {
        {"cut/1", TRUE, 2, 1},         {"cut/2", FALSE, 2, 1},       {"crumbs/1", TRUE, 12, 11},
        {"noetag-cut/1", FALSE, 2, 0}, {"noetag-cut/2", TRUE, 2, 1}, {"norange/1", TRUE, 2, 1},
        {"norange/2", FALSE, 2, 1},    {"wrongrange/1", TRUE, 3, 1}, {"wrongrange/2", FALSE, 3, 1},
        {"changed/1", TRUE, 3, 1},     {"changed/2", FALSE, 3, 1},   {"late/1", FALSE, 3, 0},
        {"liar/1", TRUE, 3, 1},        {"nolength/2", TRUE, 1, 0},   {"hop/5", TRUE, 1, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *more = g_strdup_printf(",'sha256':'%s'", server->sha256);
        g_autofree char *line = g_strdup_printf("GET /%s ", cases[i].where);
        g_autofree char *range_line = g_strdup_printf("GET /%s bytes=", cases[i].where);
        g_autoptr(FakeHost) host = host_for(cases[i].where, "f", cases[i].checksum ? more : "");

        g_test_message("%s", cases[i].where);
        fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
        g_assert_true(file_server_is_whole(server, "f"));
        g_assert_cmpuint(file_server_n_files(server), ==, 1);
        g_assert_cmpuint(file_server_count(server, line), ==, cases[i].requests);
        g_assert_cmpuint(file_server_count(server, range_line), ==, cases[i].with_range);
    }
}

static char *
fresh_document(const char *where)
{
    return g_strdup_printf("{'operation':'download','url':'http://127.0.0.1:%u/%s?fresh=secret',"
                           "'path':'%s/f'}",
                           server->port, where, server->target);
}

static void
test_expired(void)
{
    g_autoptr(FakeHost) host = host_for("expires/1", "f", "");
    g_autofree char *line =
        g_strdup_printf("GET /expires/1?fresh=secret bytes=%d-", CONTENT_SIZE / 2);
    g_autoptr(FakeHost) stale = NULL;
    g_autoptr(FakeHost) none = NULL;

    host->refreshed = fresh_document("expires/1");
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(host->n_refreshed, ==, 1);
    g_assert_cmpuint(file_server_count(server, line), ==, 1);
    g_assert_true(file_server_is_whole(server, "f"));

    stale = host_for("status/403?secret", "f", "");
    fake_host_assert(stale, fake_host_run(stale), ERRAND_FAILED, "expired-url");
    g_assert_cmpuint(stale->n_refreshed, ==, 1);
    g_assert_cmpuint(file_server_count(server, "/status/403?secret"), ==, 2);

    none = host_for("expires/2", "f", "");
    none->refresh_result = -ENOTSUP;
    fake_host_assert(none, fake_host_run(none), ERRAND_FAILED, "expired-url");
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
    none->refresh_result = -ETIMEDOUT;
    fake_host_assert(none, fake_host_run(none), ERRAND_FAILED, "download-failed");
    g_assert_cmpuint(none->n_refreshed, ==, 1 + 8);
}

static void
test_stall(void)
{
    g_autoptr(FakeHost) host = host_for("stall/1", "f", "");
    g_autoptr(FakeHost) slow = NULL;

    fake_host_set(host, "stall-time", "1s");
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(file_server_count(server, "/stall/1"), ==, 2);
    g_assert_true(file_server_is_whole(server, "f"));

    /* Takes seven times as long, but moves. */
    slow = host_for("slow/1", "f", "");
    fake_host_set(slow, "stall-time", "1s");
    fake_host_assert(slow, fake_host_run(slow), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(file_server_count(server, "/slow/1"), ==, 1);
    g_assert_cmpuint(slow->n_progress, >=, 5);
}

/* The owner's proxy, and nothing that happens to be in the environment. */
static void
test_proxy(void)
{
    g_autoptr(FakeHost) none = host_for("ok/proxy-1", "f", "");
    g_autoptr(FakeHost) dead = host_for("ok/proxy-2", "f", "");

    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    fake_host_assert(none, fake_host_run(none), ERRAND_SUCCEEDED, NULL);
    g_unsetenv("http_proxy");
    fake_host_set(dead, "proxy", "http://user:secret@127.0.0.1:1");
    fake_host_assert(dead, fake_host_run(dead), ERRAND_FAILED, "download-failed");
    g_assert_null(strstr(dead->message, "secret"));
    g_assert_null(strstr(dead->log->str, "secret"));
    g_assert_cmpuint(file_server_count(server, "/ok/proxy-2"), ==, 0);
}

static void
test_rate_limit(void)
{
    g_autoptr(FakeHost) host = host_for("ok/rate", "f", "");
    gint64 start = g_get_monotonic_time();

    fake_host_set(host, "rate-limit", "1M");
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, >, 1500 * 1000);
}

typedef struct {
    FakeHost *host;
    const char *line;
    gint64 at;
} Canceller;

/* Once the server has logged the request. */
static gpointer
cancel(gpointer data)
{
    Canceller *canceller = data;

    while (file_server_count(server, canceller->line) == 0)
        g_thread_yield();
    canceller->at = g_get_monotonic_time();
    fake_host_cancel(canceller->host);
    return NULL;
}

static void
test_cancel(void)
{
    static const char *const wheres[] = {"hang/1", "stall/2", "endless/2", "status/502"};

    for (guint i = 0; i < G_N_ELEMENTS(wheres); i++) {
        g_autoptr(FakeHost) host = host_for(wheres[i], "f", "");
        Canceller canceller = {host, wheres[i], 0};
        GThread *thread = g_thread_new("cancel", cancel, &canceller);

        g_test_message("%s", wheres[i]);
        fake_host_set(host, "retry-delay", "30s");
        fake_host_assert(host, fake_host_run(host), ERRAND_CANCELLED, NULL);
        g_thread_join(thread);
        g_assert_cmpint(g_get_monotonic_time() - canceller.at, <, 8 * G_USEC_PER_SEC);
        g_assert_cmpuint(file_server_n_files(server), ==, 0);
    }
}

/* What a run that was cut off leaves: a part file, and the state of state.c. */
static void
leave_part(FakeHost *host, gsize length, const char *etag)
{
    g_autofree char *path =
        g_build_filename(server->target, ".errand-job-1-af63db4c8601ead9.part", NULL);
    g_autofree char *boot_id = NULL;
    struct {
        int32_t version;
        char boot_id[64];
        struct {
            char etag[256], modified[256];
            int64_t total;
        } identity;
        int64_t received, had, spent_ms;
    } state = {.version = 2, .identity.total = CONTENT_SIZE};

    g_assert_true(
        g_file_set_contents(path, g_bytes_get_data(server->content, NULL), (gssize)length, NULL));
    g_assert_true(g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot_id, NULL, NULL));
    g_strlcpy(state.boot_id, boot_id, sizeof state.boot_id);
    g_strlcpy(state.identity.etag, etag, sizeof state.identity.etag);
    g_strlcpy(state.identity.modified, "Wed, 21 Oct 2015 07:28:00 GMT",
              sizeof state.identity.modified);
    host->start = ERRAND_START_INTERRUPTED;
    host->state = g_bytes_new(&state, sizeof state);
}

static void
test_interrupted(void)
{
    static const struct {
        const char *where, *etag;
        gsize length;
        guint with_range, without;
    } cases[] = {
        {"ok/i1", "\"one\"", 1000000, 1, 0},
        {"ok/i2", "\"old\"", 1000000, 1, 1},
        {"ok/i3", "\"one\"", CONTENT_SIZE, 0, 0},
        {"ok/i4", "\"one\"", 0, 0, 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *more = g_strdup_printf(",'sha256':'%s'", server->sha256);
        g_autofree char *range = g_strdup_printf("GET /%s bytes=1000000-", cases[i].where);
        g_autofree char *whole = g_strdup_printf("GET /%s -", cases[i].where);
        g_autoptr(FakeHost) host = host_for(cases[i].where, "f", more);

        g_test_message("%s", cases[i].where);
        leave_part(host, cases[i].length, cases[i].etag);
        fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
        g_assert_true(file_server_is_whole(server, "f"));
        g_assert_cmpuint(file_server_n_files(server), ==, 1);
        g_assert_cmpuint(file_server_count(server, range), ==, cases[i].with_range);
        g_assert_cmpuint(file_server_count(server, whole), ==, cases[i].without);
    }
}

/* After a power cut the tail of the part may be zeros: only a checksum can tell. */
static void
test_interrupted_by_power(void)
{
    g_autoptr(FakeHost) host = host_for("ok/p1", "f", "");
    g_autoptr(FakeHost) garbled = NULL;
    gsize size = 0;
    gpointer state;

    leave_part(host, 1000000, "\"one\"");
    state = g_bytes_unref_to_data(host->state, &size);
    memset((char *)state + 4, 'x', 36);
    host->state = g_bytes_new_take(state, size);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(file_server_count(server, "GET /ok/p1 -"), ==, 1);
    g_assert_true(file_server_is_whole(server, "f"));

    garbled = host_for("ok/p2", "f", "");
    leave_part(garbled, 1000000, "\"one\"");
    g_bytes_unref(garbled->state);
    garbled->state = g_bytes_new_static("nonsense", 8);
    fake_host_assert(garbled, fake_host_run(garbled), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpuint(file_server_count(server, "GET /ok/p2 -"), ==, 1);
    g_assert_true(file_server_is_whole(server, "f"));
}

static FakeHost *
host_for_tls(const char *where)
{
    g_autofree char *document =
        g_strdup_printf("{'operation':'download','url':'https://localhost:%u/%s','path':'%s/f'}",
                        server->secure_port, where, server->target);
    FakeHost *host = host_for(where, "f", "");

    fake_host_set_document(host, document);
    fake_host_set(host, "ca-file", server->certificate);
    return host;
}

static void
test_tls(void)
{
    g_autoptr(FakeHost) host = host_for_tls("ok/t1");
    g_autoptr(FakeHost) untrusted = host_for_tls("ok/t2");
    g_autoptr(FakeHost) wrong_name = host_for_tls("ok/t3");
    g_autofree char *document = g_strdup_printf(
        "{'url':'https://127.0.0.1:%u/ok/t3','path':'%s/f'}", server->secure_port, server->target);

    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(file_server_is_whole(server, "f"));
    fake_host_set(untrusted, "ca-file", "");
    fake_host_assert(untrusted, fake_host_run(untrusted), ERRAND_FAILED, "download-failed");
    fake_host_set_document(wrong_name, document);
    fake_host_assert(wrong_name, fake_host_run(wrong_name), ERRAND_FAILED, "download-failed");
    fake_host_set(untrusted, "ca-file", "/no/such/file");
    fake_host_assert(untrusted, fake_host_run(untrusted), ERRAND_FAILED, "download-failed");
    g_assert_cmpuint(file_server_count(server, "/ok/t2"), ==, 0);
    g_assert_cmpuint(file_server_count(server, "/ok/t3"), ==, 0);
}

static void
test_redirects(void)
{
    g_autofree char *down = g_strdup_printf("to/1?http://localhost:%u/ok/r1", server->port);
    g_autofree char *up = g_strdup_printf("to/2?https://localhost:%u/ok/r2", server->secure_port);
    g_autofree char *away = g_strdup_printf("to/3?http://localhost:%u/ok/r3", server->port);
    g_autoptr(FakeHost) downgraded = host_for_tls(down);
    g_autoptr(FakeHost) upgraded = host_for(up, "f", "");
    g_autoptr(FakeHost) foreign = host_for(away, "f", "");
    g_autoptr(FakeHost) local = host_for("to/4?file:///etc/passwd", "f", "");

    fake_host_assert(downgraded, fake_host_run(downgraded), ERRAND_FAILED, "not-allowed");
    fake_host_set(upgraded, "ca-file", server->certificate);
    fake_host_assert(upgraded, fake_host_run(upgraded), ERRAND_SUCCEEDED, NULL);
    fake_host_set(foreign, "hosts", "127.0.0.1");
    fake_host_assert(foreign, fake_host_run(foreign), ERRAND_FAILED, "not-allowed");
    if (fake_host_run(local) != ERRAND_FAILED)
        g_error("followed a redirect to a file");
    g_assert_cmpuint(file_server_count(server, "GET /ok/r1"), ==, 0);
    g_assert_cmpuint(file_server_count(server, "GET /ok/r2"), ==, 1);
    g_assert_cmpuint(file_server_count(server, "GET /ok/r3"), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    download_begin();
    g_test_add_func("/transfer/plain", test_plain);
    g_test_add_func("/transfer/permanent", test_permanent);
    g_test_add_func("/transfer/recovers", test_recovers);
    g_test_add_func("/transfer/expired", test_expired);
    g_test_add_func("/transfer/stall", test_stall);
    g_test_add_func("/transfer/proxy", test_proxy);
    g_test_add_func("/transfer/rate-limit", test_rate_limit);
    g_test_add_func("/transfer/cancel", test_cancel);
    g_test_add_func("/transfer/interrupted", test_interrupted);
    g_test_add_func("/transfer/interrupted-by-power", test_interrupted_by_power);
    g_test_add_func("/transfer/tls", test_tls);
    g_test_add_func("/transfer/redirects", test_redirects);
    return download_end();
}
