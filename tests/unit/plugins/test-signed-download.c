/* Plugin download: signed files, from the first byte to the place. */
#include "download-host.h"
#include "signer.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static char *trust;
static EVP_PKEY *key;
static char *good; /* its signature of the content */

static void
put_side(const char *name, const char *text, gssize length)
{
    g_autofree char *path = g_build_filename(server->directory, name, NULL);

    g_assert_true(g_file_set_contents(path, text, length, NULL));
}

static FakeHost *
signed_host(const char *where, const char *more)
{
    FakeHost *host = host_for(where, "f", more);

    fake_host_set(host, "trust-directory", trust);
    return host;
}

/* {"signature":...} as JSON with ' for ". */
static char *
object_of(const char *signature, const char *algorithm, const char *more)
{
    return g_strdup_printf("{'signature':'%s','signatureAlgorithm':'%s'%s}", signature, algorithm,
                           more);
}

static FakeHost *
host_codesign(const char *where, const char *signature, const char *more)
{
    g_autofree char *object = object_of(signature, "SHA256withECDSA", "");
    g_autofree char *text = g_strdup_printf(",'codesign':%s,'signer':'prod'%s", object, more);

    return signed_host(where, text);
}

static void
assert_placed(FakeHost *host)
{
    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(file_server_is_whole(server, "f"));
    g_assert_cmpuint(file_server_n_files(server), ==, 1);
}

static guint
requests_of(const char *where)
{
    g_autofree char *line = g_strdup_printf("GET /%s ", where);

    return file_server_count(server, line);
}

/* Never got past the check: the file was not asked for. */
static void
assert_refused(FakeHost *host, const char *where, const char *word)
{
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, word);
    fake_host_assert(host, fake_host_run(host), ERRAND_REJECTED, word);
    g_assert_cmpuint(requests_of(where), ==, 0);
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
}

static void
assert_failed(FakeHost *host, const char *word)
{
    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, word);
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
}

static void
test_algorithms(void)
{
    static const struct {
        const char *name, *kind, *hash;
    } cases[] = {
        {"SHA256withECDSA", "P-256", "SHA256"}, {"SHA256withRSA", "RSA", "SHA256"},
        {"SHA1withRSA", "RSA", "SHA1"},         {"SHA1withECDSA", "P-256", "SHA1"},
        {"Ed25519", "Ed25519", NULL},
    };
    g_autofree char *sha512 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA512, server->content);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        EVP_PKEY *signer = signer_key(cases[i].kind, 1);
        g_autofree char *signature = signer_sign(signer, cases[i].hash, server->content);
        g_autofree char *object = object_of(signature, cases[i].name, "");
        g_autofree char *more =
            g_strdup_printf(",'codesign':%s,'signer':'one','sha512':'%s'", object, sha512);
        g_autofree char *where = g_strdup_printf("ok/%s", cases[i].name);
        g_autoptr(FakeHost) host = signed_host(where, more);

        fake_host_set(host, "allow-sha1", "true");
        signer_trust(trust, "one", signer, "digitalSignature", "codeSigning");
        assert_placed(host);
        g_assert_cmpuint(requests_of(where), ==, 1);
        signer_trust(trust, "one", signer_key(cases[i].kind, 2), NULL, NULL);
        file_server_clean(server);
        assert_failed(host, "bad-signature");
    }
}

/* The checksum and the signature are of the same hash, and only one of them fits. */
static void
test_checksum_beside(void)
{
    g_autofree char *more = g_strdup_printf(",'sha256':'%s'", server->sha256);
    g_autofree char *zeros = g_strnfill(64, '0');
    g_autofree char *wrong = g_strdup_printf(",'sha256':'%s'", zeros);
    g_autofree char *other = g_strdup(good);
    g_autoptr(FakeHost) host = host_codesign("ok/both", good, more);
    g_autoptr(FakeHost) checksum = host_codesign("ok/sum", good, wrong);

    assert_failed(checksum, "checksum-mismatch");
    assert_placed(host);
    file_server_clean(server);
    other[20] = other[20] == 'A' ? 'B' : 'A';
    {
        g_autoptr(FakeHost) damaged = host_codesign("ok/sig", other, more);

        assert_failed(damaged, "bad-signature");
    }
}

/* Pieces of an interrupted transfer: they fit, or the whole is fetched once more. */
static void
test_pieces(void)
{
    g_autoptr(FakeHost) cut = host_codesign("cut/s1", good, "");
    g_autoptr(FakeHost) unknown = NULL;
    g_autoptr(FakeHost) liar = NULL;

    assert_placed(cut);
    g_assert_cmpuint(requests_of("cut/s1"), ==, 2);
    unknown = host_codesign("noetag-cut/s1", good, "");
    assert_placed(unknown);
    g_assert_cmpuint(file_server_count(server, "GET /noetag-cut/s1 bytes="), ==, 1);
    liar = host_codesign("liar/s1", good, "");
    fake_host_assert(liar, fake_host_check(liar), ERRAND_SUCCEEDED, NULL);
    fake_host_run(liar);
    g_assert_cmpuint(requests_of("liar/s1"), ==, 3);
    g_assert_nonnull(strstr(liar->log->str, "once more"));
}

/* What a run left behind on the boot before: its part file is of use, since the signature will
 * tell, unless others could have written to it. */
static void
test_interrupted(void)
{
    const char *data = g_bytes_get_data(server->content, NULL);
    g_autofree char *part =
        g_build_filename(server->target, ".errand-job-1-af63db4c8601ead9.part", NULL);
    g_autoptr(FakeHost) before = host_codesign("ok/before", good, "");
    gsize length;
    g_autofree guint8 *state = NULL;

    assert_placed(before);
    state = g_memdup2(g_bytes_get_data(before->state, &length), g_bytes_get_size(before->state));
    state[4] = 'x'; /* the first letter of the boot id */
    for (int i = 0; i < 2; i++) {
        g_autofree char *where = g_strdup_printf("ok/interrupted-%d", i);
        g_autofree char *rest = g_strdup_printf("GET /%s bytes=1000000-", where);
        g_autoptr(FakeHost) host = host_codesign(where, good, "");

        host->start = ERRAND_START_INTERRUPTED;
        host->state = g_bytes_new(state, length);
        g_assert_true(g_file_set_contents(part, data, 1000000, NULL));
        g_assert_cmpint(chmod(part, i == 0 ? 0600 : 0666), ==, 0);
        assert_placed(host);
        g_assert_cmpuint(file_server_count(server, rest), ==, i == 0 ? 1 : 0);
    }
}

static void
test_required(void)
{
    g_autoptr(FakeHost) bare = signed_host("ok/required", "");
    g_autoptr(FakeHost) good_host = NULL;

    fake_host_set(bare, "require-signature", "true");
    assert_refused(bare, "ok/required", "bad-signature");
    good_host = host_codesign("ok/required", good, "");
    fake_host_set(good_host, "require-signature", "true");
    assert_placed(good_host);
}

static void
test_sizes(void)
{
    static const struct {
        int signed_size;
        const char *document;
        int32_t result;
    } cases[] = {
        {CONTENT_SIZE, "", ERRAND_SUCCEEDED},
        {CONTENT_SIZE - 1, "", ERRAND_FAILED},
        {CONTENT_SIZE + 1, "", ERRAND_FAILED},
        {CONTENT_SIZE, ",'size':3145745", ERRAND_SUCCEEDED},
        {CONTENT_SIZE, ",'size':3145744", ERRAND_REJECTED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *size = g_strdup_printf(",'rawPayloadSize':%d", cases[i].signed_size);
        g_autofree char *object = object_of(good, "SHA256withECDSA", size);
        g_autofree char *more =
            g_strdup_printf(",'codesign':%s,'signer':'prod'%s", object, cases[i].document);
        g_autofree char *where = g_strdup_printf("ok/size-%u", i);
        g_autoptr(FakeHost) host = signed_host(where, more);

        if (cases[i].result == ERRAND_SUCCEEDED)
            assert_placed(host);
        else if (cases[i].result == ERRAND_FAILED)
            assert_failed(host, "bad-signature");
        else
            assert_refused(host, where, "bad-signature");
    }
}

static FakeHost *
host_url(const char *where, const char *codesign)
{
    g_autofree char *more = g_strdup_printf(",'codesign':'http://127.0.0.1:%u/%s','signer':'prod'",
                                            server->port, codesign);

    return signed_host(where, more);
}

static void
test_url(void)
{
    g_autofree char *object = object_of(good, "SHA256withECDSA", ",'rawPayloadSize':3145745");
    g_autoptr(FakeHost) host = host_url("ok/url", "side/codesign.json?X-Amz-Signature=secret");

    put_side("codesign.json", g_strdelimit(object, "'", '"'), -1);
    assert_placed(host);
    g_assert_cmpuint(requests_of("side/codesign.json?X-Amz-Signature=secret"), ==, 1);
    g_assert_cmpuint(requests_of("ok/url"), ==, 1);
    g_assert_null(strstr(host->log->str, "secret"));
}

/* What the URL leads to is no signature for us: the file is not asked for. */
static void
test_bad_url(void)
{
    static const struct {
        const char *where, *text;
        int32_t result;
        const char *word;
    } cases[] = {
        {"side/bad.json", "no JSON", ERRAND_REJECTED, "bad-signature"},
        {"side/bad.json", "{}", ERRAND_REJECTED, "bad-signature"},
        {"side/bad.json", "", ERRAND_REJECTED, "bad-signature"},
        {"side/bad.json", "{\"signature\":\"AAAA\",\"signatureAlgorithm\":\"SHA1withRSA\"}",
         ERRAND_REJECTED, "bad-signature"},
        {"status/404", NULL, ERRAND_FAILED, "download-failed"},
        {"ok/too-large", NULL, ERRAND_FAILED, "download-failed"},
        {"nolength/too-large", NULL, ERRAND_FAILED, "download-failed"},
        {"endless/too-large", NULL, ERRAND_FAILED, "download-failed"},
        {"status/403", NULL, ERRAND_FAILED, "expired-url"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *where = g_strdup_printf("ok/bad-url-%u", i);
        g_autofree char *codesign = g_strdup_printf("%s?secret=%u", cases[i].where, i);
        g_autoptr(FakeHost) host = host_url(where, codesign);

        g_test_message("%s %s", cases[i].where, cases[i].text);
        if (cases[i].text != NULL)
            put_side("bad.json", cases[i].text, -1);
        fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
        fake_host_assert(host, fake_host_run(host), cases[i].result, cases[i].word);
        g_assert_cmpuint(requests_of(where), ==, 0);
        g_assert_cmpuint(file_server_n_files(server), ==, 0);
        g_assert_null(strstr(host->message, "secret"));
    }
}

/* Its URL obeys the owner's rules, like the file's. */
static void
test_url_rules(void)
{
    static const char *const urls[] = {"https://elsewhere.example/s", "http://127.0.0.2/s",
                                       "ftp://127.0.0.1/s", "not a URL"};
    static const char *const words[] = {"not-allowed", "not-allowed", "not-allowed",
                                        "invalid-document"};

    for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *more = g_strdup_printf(",'codesign':'%s','signer':'prod'", urls[i]);
        g_autoptr(FakeHost) host = signed_host("ok/rules", more);

        fake_host_set(host, "hosts", "127.0.0.1");
        assert_refused(host, "ok/rules", words[i]);
    }
}

static void
test_url_refreshed(void)
{
    g_autofree char *object = object_of(good, "SHA256withECDSA", "");
    g_autoptr(FakeHost) host = host_url("ok/fresh", "status/403");

    put_side("fresh.json", g_strdelimit(object, "'", '"'), -1);
    host->refreshed = g_strdup_printf(
        "{'operation':'download','url':'http://127.0.0.1:%u/ok/fresh','path':'%s/f',"
        "'codesign':'http://127.0.0.1:%u/side/fresh.json','signer':'prod'}",
        server->port, server->target, server->port);
    assert_placed(host);
    g_assert_cmpuint(host->n_refreshed, ==, 1);
}

static void
test_directory(void)
{
    static const struct {
        mode_t mode;
        gboolean allowed;
    } cases[] = {{0755, TRUE}, {0777, FALSE}, {0775, FALSE}, {01777, TRUE}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = host_codesign("ok/directory", good, "");

        g_assert_cmpint(chmod(server->target, cases[i].mode), ==, 0);
        if (cases[i].allowed)
            assert_placed(host);
        else
            fake_host_assert(host, fake_host_run(host), ERRAND_REJECTED, "not-allowed");
    }
}

static guint swaps;

/* Another file takes the part file's name, once all has been fetched and checked. */
static int32_t
swap(errand_job *job, int32_t percent, const char *step)
{
    g_autoptr(GDir) list = g_dir_open(server->target, 0, NULL);
    const char *name;

    while (percent == 100 && (name = g_dir_read_name(list)) != NULL) {
        g_autofree char *path = g_build_filename(server->target, name, NULL);

        if (g_str_has_suffix(name, ".part") && g_file_set_contents(path, "evil", -1, NULL))
            swaps++;
    }
    return 0;
}

static void
test_swapped(void)
{
    g_autoptr(FakeHost) host = host_codesign("ok/swapped", good, "");
    g_autoptr(FakeHost) honest = NULL;

    host->host.progress = swap;
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-allowed");
    g_assert_cmpuint(swaps, >, 0);
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
    honest = host_codesign("ok/swapped", good, "");
    assert_placed(honest);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    download_begin();
    trust = g_build_filename(server->directory, "trust", NULL);
    g_assert_cmpint(g_mkdir(trust, 0755), ==, 0);
    key = signer_key("P-256", 1);
    good = signer_sign(key, "SHA256", server->content);
    signer_trust(trust, "prod", key, "digitalSignature", "codeSigning");
    g_test_add_func("/plugin/signed-download/algorithms", test_algorithms);
    g_test_add_func("/plugin/signed-download/checksum-beside", test_checksum_beside);
    g_test_add_func("/plugin/signed-download/pieces", test_pieces);
    g_test_add_func("/plugin/signed-download/interrupted", test_interrupted);
    g_test_add_func("/plugin/signed-download/required", test_required);
    g_test_add_func("/plugin/signed-download/sizes", test_sizes);
    g_test_add_func("/plugin/signed-download/url", test_url);
    g_test_add_func("/plugin/signed-download/bad-url", test_bad_url);
    g_test_add_func("/plugin/signed-download/url-rules", test_url_rules);
    g_test_add_func("/plugin/signed-download/url-refreshed", test_url_refreshed);
    g_test_add_func("/plugin/signed-download/directory", test_directory);
    g_test_add_func("/plugin/signed-download/swapped", test_swapped);
    return download_end();
}
