/* Plugin download: documents, URLs and places, allowed and refused. */
#include "download-host.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_document(const char *document, const char *word)
{
    g_autoptr(FakeHost) host = fake_host_new("download", "download", document);

    g_test_message("%s", document);
    fake_host_set(host, "directories", "/srv/a;/srv/b/");
    fake_host_set(host, "hosts", "good.example;*.wild.example;[::1];port.example:8443");
    fake_host_assert(host, fake_host_check(host), word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED,
                     word);
    if (host->message != NULL)
        g_assert_null(strstr(host->message, "secret"));
}

#define URL "'url':'https://good.example/f?secret'"

static void
test_document(void)
{
    static const struct {
        const char *keys, *word;
    } cases[] = {
        {URL ",'path':'/srv/a/f'", NULL},
        {URL ",'path':'/srv/a/f','user':'root','timeout':9,'size':0,'mode':'0600'", NULL},
        {URL, "invalid-document"},
        {"'path':'/srv/a/f'", "invalid-document"},
        {URL ",'path':7", "invalid-document"},
        {URL ",'path':'/srv/a/f','checksum':'x'", "invalid-document"},
        {URL ",'path':'/srv/a/f','codesign':{'signature':'x'}", "bad-signature"},
        {URL ",'path':'/srv/a/f','signer':'prod'", "bad-signature"},
        {URL ",'path':'/srv/a/f','sha256':'abc'", "invalid-document"},
        {URL ",'path':'/srv/a/f','sha256':7", "invalid-document"},
        {URL ",'path':'/srv/a/f','size':-1", "invalid-document"},
        {URL ",'path':'/srv/a/f','size':'1'", "invalid-document"},
        {URL ",'path':'/srv/a/f','mode':'4755'", "invalid-document"},
        {URL ",'path':'/srv/a/f','mode':'99'", "invalid-document"},
        {URL ",'path':'/srv/a/f','mode':420", "invalid-document"},
        {URL ",'path':'/srv/a/f','mode':''", "invalid-document"},
        {URL ",'path':'/srv/a/f','owner':'no-such-user'", "not-found"},
        {URL ",'path':'/srv/a/f','timeout':0", "invalid-document"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{%s}", cases[i].keys);

        assert_document(document, cases[i].word);
    }
}

static void
test_path(void)
{
    static const struct {
        const char *path, *word;
    } cases[] = {
        {"/srv/a/f", NULL},
        {"/srv/b/sub/f", NULL},
        {"/srv/a", NULL}, /* the directory itself: named after the URL */
        {"/srv/a/", NULL},
        {"/srv//a/./f", NULL},
        {"/srv/a/..f", NULL},
        {"srv/a/f", "not-allowed"},
        {"/srv/c/f", "not-allowed"},
        {"/srv/ab", "not-allowed"},
        {"/srv/a/../c", "not-allowed"},
        {"/srv/a/..", "not-allowed"},
        {"/srv/../etc/passwd", "not-allowed"},
        {"/", "not-allowed"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{" URL ",'path':'%s'}", cases[i].path);

        assert_document(document, cases[i].word);
    }
}

static void
test_url(void)
{
    static const struct {
        const char *url, *word;
    } cases[] = {
        {"https://good.example/f", NULL},
        {"https://GOOD.example:8443/f", NULL},
        {"https://a.wild.example/f", NULL},
        {"https://a.b.wild.example/f", NULL},
        {"https://[::1]/f", NULL},
        {"https://port.example:8443/f", NULL},
        {"https://port.example/f", "not-allowed"},
        {"https://wild.example/f", "not-allowed"},
        {"https://evilwild.example/f", "not-allowed"},
        {"https://good.example.evil/f", "not-allowed"},
        {"https://evil/good.example", "not-allowed"},
        {"https://good.example@evil/f?secret", "invalid-document"},
        {"https://u:secret@good.example/f", "invalid-document"},
        {"https://evil\\\\@good.example/f", "invalid-document"},
        {"http://good.example/f", "not-allowed"},
        {"ftp://good.example/f", "not-allowed"},
        {"file:///etc/passwd", "invalid-document"},
        {"good.example/f", "invalid-document"},
        {"https://good example/f", "invalid-document"},
        {"", "invalid-document"},
        {"https://good.example/?secret", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{'url':'%s','path':'/srv/a/f'}", cases[i].url);

        assert_document(document, cases[i].word);
    }
    assert_document("{'url':'https://good.example/','path':'/srv/a/'}", "invalid-document");
    assert_document("{'url':'https://good.example/..%2ff','path':'/srv/a/'}", "invalid-document");
    assert_document("{'url':'https://good.example/%2e%2e','path':'/srv/a/'}", "invalid-document");
}

static void
test_settings(void)
{
    static const struct {
        const char *key, *value;
    } cases[] = {
        {"allow-http", "yes"},          {"rate-limit", "fast"}, {"rate-limit", "0"},
        {"stall-bytes", "-1"},          {"stall-time", "60"},   {"retry-delay", "1 s"},
        {"rate-limit", "99999999999G"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = host_for("ok/x", "f", "");

        fake_host_set(host, cases[i].key, cases[i].value);
        fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "internal");
        g_assert_nonnull(strstr(host->message, cases[i].key));
    }
}

static void
test_into_directory(void)
{
    g_autoptr(FakeHost) host = host_for("ok/some%20name.bin?q=/x", "", "");
    g_autoptr(FakeHost) empty = NULL;

    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(file_server_is_whole(server, "some name.bin"));
    empty = host_for("empty/e", "", "");
    fake_host_assert(empty, fake_host_run(empty), ERRAND_SUCCEEDED, NULL);
}

static void
test_owner(void)
{
    g_autoptr(FakeHost) host = NULL;
    g_autofree char *path = g_build_filename(server->target, "f", NULL);
    struct stat info;

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    host = host_for("ok/group", "f", ",'owner':'root:no-such-group'");
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "not-found");
    g_clear_pointer(&host, fake_host_free);
    host = host_for("ok/owner", "f", ",'owner':'nobody:daemon'");
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_uid, ==, 65534);
    g_assert_cmpuint(info.st_gid, ==, 1);
}

/* A fresh document is checked like the first. */
static void
test_expired_elsewhere(void)
{
    g_autoptr(FakeHost) host = host_for("expires/3", "f", "");

    fake_host_set(host, "hosts", "127.0.0.1");
    host->refreshed = g_strdup("{'operation':'download','url':'https://evil.example/','path':'/'}");
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-allowed");
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
}

/* What may lie at, or on the way to, the target. */
static void
test_escapes(void)
{
    static const struct {
        const char *command; /* in the target directory */
        const char *name, *word;
    } cases[] = {
        {"ln -s /etc link", "link/f", "not-allowed"},
        {"mkdir sub && ln -s .. sub/up", "sub/up/f", "not-allowed"},
        {"ln -s /etc/passwd f", "f", "not-allowed"},
        {"ln -s /etc f", "f", "not-allowed"},
        {"ln -s nowhere f", "f", "not-allowed"},
        {"mkfifo f", "f", "not-allowed"},
        {"mkdir -p d/f", "d", NULL},
        {"true", "../f", "not-allowed"},
        {"mkdir sub", "sub/../../f", "not-allowed"},
        {"mkdir sub", "sub/f", NULL},
        {"echo old > f", "f", NULL},
        {"ln -s /etc/passwd .errand-job-1-af63db4c8601ead9.part", "f", NULL},
        {"mkfifo .errand-job-1-af63db4c8601ead9.part", "f", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = host_for("ok/g", cases[i].name, "");
        g_autofree char *line =
            g_strdup_printf("cd '%s' && { %s; }", server->target, cases[i].command);

        g_test_message("%s: %s", cases[i].command, cases[i].name);
        g_assert_cmpint(system(line), ==, 0);
        fake_host_assert(host, fake_host_check(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
        fake_host_assert(host, fake_host_run(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
    }
}

static void
test_no_directory(void)
{
    g_autoptr(FakeHost) host = host_for("ok/n", "missing/f", "");

    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-found");
    g_assert_nonnull(strstr(host->message, "missing"));
}

/* A tmpfs too small for a file whose length the server does not tell. */
static void
test_disk_full(void)
{
    g_autoptr(FakeHost) host = host_for("endless/3", "small/f", "");
    g_autoptr(FakeHost) known = NULL;
    g_autofree char *small = g_build_filename(server->target, "small", NULL);
    g_autofree char *mount = g_strdup_printf(
        "mkdir -p '%s' && mount -t tmpfs -o size=3m none '%s' 2>/dev/null", small, small);
    g_autoptr(GDir) left = NULL;
    g_autofree char *umount = g_strdup_printf("umount '%s'", small);

    if (geteuid() != 0 || system(mount) != 0) {
        g_test_skip("cannot mount");
        return;
    }
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "no-space");
    g_assert_nonnull(strstr(host->message, "has "));
    left = g_dir_open(small, 0, NULL);
    g_assert_null(g_dir_read_name(left));
    g_clear_pointer(&left, g_dir_close);
    g_assert_cmpint(system(umount), ==, 0);
    known = host_for("ok/d", "small/f", "");
    g_assert_cmpint(system(mount), ==, 0);
    fake_host_assert(known, fake_host_run(known), ERRAND_FAILED, "no-space");
    g_assert_nonnull(strstr(known->message, "3145745"));
    g_assert_cmpint(system(umount), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    download_begin();
    g_test_add_func("/download/document", test_document);
    g_test_add_func("/download/path", test_path);
    g_test_add_func("/download/url", test_url);
    g_test_add_func("/download/settings", test_settings);
    g_test_add_func("/download/into-directory", test_into_directory);
    g_test_add_func("/download/owner", test_owner);
    g_test_add_func("/download/expired-elsewhere", test_expired_elsewhere);
    g_test_add_func("/download/escapes", test_escapes);
    g_test_add_func("/download/no-directory", test_no_directory);
    g_test_add_func("/download/disk-full", test_disk_full);
    return download_end();
}
