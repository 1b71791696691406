/* What fits a signature and what does not. */
#include "signature-fixture.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *name, *member, *hash, *key, *small, *other;
} algorithms[] = {
    {"SHA256withECDSA", "sig-sha256-ecdsa", "SHA256", "P-256", "P-224", "RSA"},
    {"SHA256withRSA", "sig-sha256-rsa", "SHA256", "RSA", "RSA-1024", "P-256"},
    {"SHA1withECDSA", "sig-sha1-ecdsa", "SHA1", "P-256", "P-224", "Ed25519"},
    {"SHA1withRSA", "sig-sha1-rsa", "SHA1", "RSA", "RSA-1024", "P-256"},
    {"Ed25519", NULL, NULL, "Ed25519", NULL, "P-256"},
};

/* Signer "prod" makes it; other keys lie beside. */
static void
test_algorithms(Fixture *self, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        EVP_PKEY *key = signer_key(algorithms[i].key, 1);
        g_autofree char *signature = signer_sign(key, algorithms[i].hash, self->content);
        g_autoptr(FakeHost) named =
            fixture_codesign(self, algorithms[i].name, signature, ",'signer':'prod'");
        g_autoptr(FakeHost) any = fixture_codesign(self, algorithms[i].name, signature, "");

        g_test_message("%s", algorithms[i].name);
        fake_host_set(named, "allow-sha1", "true");
        fake_host_set(any, "allow-sha1", "true");
        signer_trust(self->trust, "prod", key, "digitalSignature", "codeSigning");
        signer_trust(self->trust, "another", signer_key(algorithms[i].key, 2), NULL, NULL);
        fake_host_assert(named, fixture_check(self, named), ERRAND_SUCCEEDED, NULL);
        fake_host_assert(any, fixture_check(self, any), ERRAND_SUCCEEDED, NULL);
        signer_trust(self->trust, "prod", key, NULL, NULL);
        fake_host_assert(named, fixture_check(self, named), ERRAND_SUCCEEDED, NULL);

        fixture_content(self, "What the signer signed\n", strlen(CONTENT));
        fake_host_assert(named, fixture_check(self, named), ERRAND_FAILED, "bad-signature");
        fake_host_assert(any, fixture_check(self, any), ERRAND_FAILED, "bad-signature");
        fixture_content(self, CONTENT, strlen(CONTENT));

        signer_trust(self->trust, "prod", signer_key(algorithms[i].key, 3), NULL, NULL);
        fake_host_assert(named, fixture_check(self, named), ERRAND_FAILED, "bad-signature");
        signer_trust(self->trust, "prod", signer_key(algorithms[i].other, 1), NULL, NULL);
        fake_host_assert(named, fixture_check(self, named), ERRAND_REJECTED, "bad-signature");
        if (algorithms[i].small == NULL)
            continue;
        signer_trust(self->trust, "prod", signer_key(algorithms[i].small, 1), NULL, NULL);
        fake_host_assert(named, fixture_check(self, named), ERRAND_REJECTED, "bad-signature");
    }
}

static void
test_afr_ota(Fixture *self, gconstpointer data)
{
    static const char document[] =
        "{'afr_ota':{'files':[{'certfile':'/certs/ota-signer.crt.pem','fileid':0,'%s':'%s'%s}]}}";
    static const char place[] = "/afr_ota/files/0", certfile[] = "/afr_ota/files/0/certfile";

    for (guint i = 0; i < G_N_ELEMENTS(algorithms) && algorithms[i].member != NULL; i++) {
        EVP_PKEY *key = signer_key(algorithms[i].key, 1);
        g_autofree char *signature = signer_sign(key, algorithms[i].hash, self->content);
        g_autoptr(FakeHost) host =
            fixture_format(self, document, algorithms[i].member, signature, "");
        g_autofree char *more = g_strdup_printf(",'%s':'%s'", algorithms[i].member, signature);
        g_autoptr(FakeHost) twice =
            fixture_format(self, document, algorithms[(i + 1) % 4].member, "AAAA", more);
        g_autoptr(FakeHost) unknown =
            fixture_format(self, document, "sig-sha512-rsa", signature, "");
        g_autoptr(FakeHost) none = fixture_format(self, document, "fileType", signature, "");

        signer_trust(self->trust, "ota-signer.crt", key, "digitalSignature", "codeSigning");
        if (g_str_equal(algorithms[i].hash, "SHA1"))
            fake_host_assert(host, fixture_check_at(self, host, place, certfile), ERRAND_REJECTED,
                             "bad-signature");
        fake_host_set(host, "allow-sha1", "true");
        fake_host_set(twice, "allow-sha1", "true");
        fake_host_assert(host, fixture_check_at(self, host, place, certfile), ERRAND_SUCCEEDED,
                         NULL);
        fake_host_assert(twice, fixture_check_at(self, twice, place, certfile), ERRAND_REJECTED,
                         "bad-signature");
        fake_host_assert(unknown, fixture_check_at(self, unknown, place, certfile), ERRAND_REJECTED,
                         "bad-signature");
        fake_host_assert(none, fixture_check_at(self, none, place, certfile), ERRAND_REJECTED,
                         "bad-signature");
    }
}

static char *
known_file(const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename(g_getenv("TEST_SOURCE"), "known-answers", name, NULL);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, length, NULL));
    return text;
}

/* What the openssl command signed; see known-answers/README.md. */
static void
test_known_answers(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *key, *algorithm, *signature;
    } cases[] = {
        {"ecdsa", "SHA256withECDSA", "sha256-ecdsa"},
        {"ecdsa", "SHA1withECDSA", "sha1-ecdsa"},
        {"rsa", "SHA256withRSA", "sha256-rsa"},
        {"rsa", "SHA1withRSA", "sha1-rsa"},
        {"ed25519", "Ed25519", "ed25519"},
    };
    gsize length;
    g_autofree char *payload = known_file("payload", &length);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *pem = g_strconcat(cases[i].key, ".pem", NULL);
        g_autofree char *key = known_file(pem, NULL);
        g_autofree char *path = g_build_filename(self->trust, pem, NULL);
        g_autofree char *signature = known_file(cases[i].signature, NULL);
        g_autoptr(FakeHost) host = fixture_codesign(self, cases[i].algorithm, signature, "");

        g_assert_true(g_file_set_contents(path, key, -1, NULL));
        fake_host_set(host, "allow-sha1", "true");
        fixture_content(self, payload, length);
        fake_host_assert(host, fixture_check(self, host), ERRAND_SUCCEEDED, NULL);
        payload[0] ^= 1;
        fixture_content(self, payload, length);
        fake_host_assert(host, fixture_check(self, host), ERRAND_FAILED, "bad-signature");
        payload[0] ^= 1;
    }
}

/* Signatures that are base64, but no signature of anything. */
static void
test_damaged(Fixture *self, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        EVP_PKEY *key = signer_key(algorithms[i].key, 1);
        g_autofree char *text = signer_sign(key, algorithms[i].hash, self->content);
        gsize length;
        g_autofree guchar *bytes = g_base64_decode(text, &length);
        g_autofree guchar *longer = g_malloc0(length + 1);

        signer_trust(self->trust, "prod", key, NULL, NULL);
        memcpy(longer, bytes, length);
        for (guint j = 0; j < 4; j++) {
            gsize part = j == 0 ? length - 1 : j == 1 ? length + 1 : j == 2 ? 1 : length;
            g_autofree char *damaged = NULL;
            g_autoptr(FakeHost) host = NULL;

            longer[length / 2] = (guchar)(bytes[length / 2] ^ (j == 3));
            damaged = g_base64_encode(longer, part);
            host = fixture_codesign(self, algorithms[i].name, damaged, "");
            fake_host_set(host, "allow-sha1", "true");
            fake_host_assert(host, fixture_check(self, host), ERRAND_FAILED, "bad-signature");
        }
    }
}

static void
test_size(Fixture *self, gconstpointer data)
{
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *signature = signer_sign(key, "SHA256", self->content);
    int size = (int)strlen(CONTENT);

    signer_trust(self->trust, "prod", key, NULL, NULL);
    for (int i = -1; i <= 1; i++) {
        g_autofree char *algorithm =
            g_strdup_printf("SHA256withECDSA','payload':'','rawPayloadSize':%d,'x':'", size + i);
        g_autoptr(FakeHost) host = fixture_codesign(self, algorithm, signature, "");

        fake_host_assert(host, fixture_check(self, host), i == 0 ? ERRAND_SUCCEEDED : ERRAND_FAILED,
                         i == 0 ? NULL : "bad-signature");
    }
}

/* What a URL led to: the same rules, once it has come. */
static void
test_taken(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *text;
        gboolean good;
    } cases[] = {
        {"{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA'}", TRUE},
        {" {'payloadLocation':{'s3':{'key':[1,{}]}},'signature':'GOOD',"
         "'rawPayloadSize':23,'signatureAlgorithm':'SHA256withECDSA'}\n",
         TRUE},
        {"{'signature':'GOOD','signatureAlgorithm':'\\u0053HA256withECDSA'}", TRUE},
        {"", FALSE},
        {"[]", FALSE},
        {"{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA'", FALSE},
        {"{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA'} x", FALSE},
        {"{'signature':'GOOD','signatureAlgorithm':'SHA1withECDSA'}", FALSE},
        {"{'signature':'GOOD','signature':'GOOD','signatureAlgorithm':'SHA256withECDSA'}", FALSE},
        {"{'signature':'GOOD','signatureAlgorithm':'SHA256withRSA'}", FALSE},
        {"{'signature':'GOOD','signatureAlgorithm':'SHA256withECDSA','rawPayloadSize':1.5}", FALSE},
    };
    EVP_PKEY *key = signer_key("P-256", 1);
    g_autofree char *good = signer_sign(key, "SHA256", self->content);

    signer_trust(self->trust, "prod", key, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = fixture_host(self, "{'codesign':'https://h/s'}");
        g_autoptr(GString) text = g_string_new(cases[i].text);
        Signature *signature;
        int32_t verdict;

        g_test_message("%s", cases[i].text);
        g_string_replace(text, "GOOD", good, 0);
        g_strdelimit(text->str, "'", '"');
        verdict = signature_read(&host->job, "download", "/codesign", "/signer", &signature);
        fake_host_assert(host, verdict, ERRAND_SUCCEEDED, NULL);
        g_assert_cmpstr(signature_url_pointer(signature), ==, "/codesign");
        verdict = signature_take(&host->job, signature, text->str, text->len);
        if (cases[i].good) {
            fake_host_assert(host, verdict, ERRAND_SUCCEEDED, NULL);
            g_assert_null(signature_url_pointer(signature));
            fake_host_assert(host, fixture_verify(self, host, signature), ERRAND_SUCCEEDED, NULL);
        } else {
            fake_host_assert(host, verdict, ERRAND_REJECTED, "bad-signature");
        }
        signature_free(signature);
    }
}

/* "VmHWM" in KiB; the peak begins anew at reset_peak(). */
static gint64
read_status(const char *key)
{
    g_autofree char *text = NULL;
    const char *found;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    found = strstr(text, key);
    g_assert_nonnull(found);
    return g_ascii_strtoll(found + strlen(key) + 1, NULL, 10);
}

static gboolean
reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    gboolean good = file != NULL && fputs("5", file) >= 0;

    return file != NULL && fclose(file) == 0 && good;
}

#define LARGE (512 * 1024 * 1024)

/* A large file is read whole for Ed25519, and does not stay in memory. */
static void
test_memory(Fixture *self, gconstpointer data)
{
    g_autofree char *signature = signer_sign(signer_key("Ed25519", 1), NULL, self->content);
    g_autoptr(FakeHost) host = fixture_codesign(self, "Ed25519", signature, "");
    gint64 before;

    if (!reset_peak()) {
        g_test_skip("the peak cannot be reset here");
        return;
    }
    signer_trust(self->trust, "prod", signer_key("Ed25519", 1), NULL, NULL);
    g_assert_cmpint(ftruncate(self->fd, LARGE), ==, 0);
    before = read_status("VmRSS:");
    fake_host_assert(host, fixture_check(self, host), ERRAND_FAILED, "bad-signature");
    g_assert_cmpint(read_status("VmHWM:") - before, <, LARGE / 4 / 1024);
    g_assert_cmpuint(host->n_progress, >, 0);
}

static guint
count_threads(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;

    g_assert_nonnull(tasks);
    while (g_dir_read_name(tasks) != NULL)
        n++;
    return n;
}

/* What was cancelled is still being hashed in a thread that nobody joins; it has to be gone before
 * this process ends, as exit() takes OpenSSL's state away under it. The runner ends with _exit().
 */
static void
wait_for_threads(guint n)
{
    gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    while (count_threads() > n) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_thread_yield();
    }
}

static void
test_cancelled(Fixture *self, gconstpointer data)
{
    g_autofree char *signature = signer_sign(signer_key("Ed25519", 1), NULL, self->content);
    g_autoptr(FakeHost) host = fixture_codesign(self, "Ed25519", signature, "");
    guint n_threads = count_threads();
    gint64 begun;

    signer_trust(self->trust, "prod", signer_key("Ed25519", 1), NULL, NULL);
    g_assert_cmpint(ftruncate(self->fd, LARGE), ==, 0);
    fake_host_cancel(host);
    begun = g_get_monotonic_time();
    fake_host_assert(host, fixture_check(self, host), ERRAND_CANCELLED, NULL);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, 5 * G_USEC_PER_SEC);
    wait_for_threads(n_threads);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    FIXTURE_ADD("algorithms", test_algorithms);
    FIXTURE_ADD("afr-ota", test_afr_ota);
    FIXTURE_ADD("known-answers", test_known_answers);
    FIXTURE_ADD("damaged", test_damaged);
    FIXTURE_ADD("size", test_size);
    FIXTURE_ADD("taken", test_taken);
    FIXTURE_ADD("memory", test_memory);
    FIXTURE_ADD("cancelled", test_cancelled);
    return g_test_run();
}
