#include "base64url.h"
#include "document-test.h"
#include "signing.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENT "{\"operation\":\"reboot\",\"delay\":5}"

static char *directory;
static EVP_PKEY *ed25519;
static EVP_PKEY *p256;
static EVP_PKEY *p384;
static EVP_PKEY *rsa;
static EVP_PKEY *small_rsa;
static EVP_PKEY *other_ed25519;

static void
make_keys(void)
{
    directory = g_dir_make_tmp("errand-trust-XXXXXX", NULL);
    g_assert_nonnull(directory);
    ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    other_ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    small_rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    signing_trust(directory, "ed", ed25519, NULL);
    signing_trust(directory, "ec", p256, NULL);
    signing_trust(directory, "ec384", p384, NULL);
    signing_trust(directory, "rsa", rsa, NULL);
    signing_trust(directory, "small", small_rsa, NULL);
    signing_trust(directory, "certificate", p256, "digitalSignature");
    signing_trust(directory, "plain-certificate", ed25519, "");
    signing_trust(directory, "tls_certificate", p256, "keyEncipherment");
}

static void
remove_keys(void)
{
    GDir *list = g_dir_open(directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(list)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_dir_close(list);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(directory);
    EVP_PKEY_free(ed25519);
    EVP_PKEY_free(other_ed25519);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
}

static Gateway
gateway(void)
{
    return (Gateway){.context = {.trust_directory = directory, .require_signed = TRUE}};
}

static void
refused(const char *text, PlanError code, const char *part)
{
    Gateway strict = gateway();
    Gateway lax = gateway();

    lax.context.require_signed = FALSE;
    document_test_refused_on(&strict, text, code, part);
    document_test_refused_on(&lax, text, code, part);
}

static void
taken(const char *alg, EVP_PKEY *key, const char *kid)
{
    Gateway strict = gateway();
    g_autofree char *header =
        g_strdup_printf("{\"typ\":\"JOSE\",\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    g_autofree char *text = signing_envelope(alg, key, header, DOCUMENT);
    g_autoptr(Plan) plan = document_test_plan_on(&strict, text);

    g_assert_cmpstr(document_test_step(plan, 0)->input, ==, DOCUMENT);
}

static void
test_algorithms(void)
{
    taken("EdDSA", ed25519, "ed");
    taken("ES256", p256, "ec");
    taken("PS256", rsa, "rsa");
    taken("RS256", rsa, "rsa");
    taken("ES256", p256, "certificate");
    taken("EdDSA", ed25519, "plain-certificate");
}

static void
header_refused(EVP_PKEY *key, const char *alg, const char *header, const char *part)
{
    g_autofree char *text = signing_envelope(alg, key, header, DOCUMENT);

    refused(text, PLAN_ERROR_BAD_SIGNATURE, part);
}

static void
test_algorithm_fits_key(void)
{
    header_refused(p256, "ES256", "{\"alg\":\"ES256\",\"kid\":\"ed\"}", "needs a P-256 key");
    header_refused(p384, "ES384", "{\"alg\":\"ES256\",\"kid\":\"ec384\"}", "needs a P-256 key");
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}", "needs an Ed25519 key");
    header_refused(rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"ec\"}", "needs an RSA key of 2048");
    header_refused(rsa, "PS256", "{\"alg\":\"PS256\",\"kid\":\"ed\"}", "needs an RSA key of 2048");
    header_refused(small_rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"small\"}", "of 2048 bits");
    header_refused(rsa, "PS256 with a short salt", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
                   "at /signature: does not fit");
    header_refused(rsa, "RS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
                   "at /signature: does not fit");
    header_refused(rsa, "PS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
                   "at /signature: does not fit");
}

static void
test_header(void)
{
    static const char *const algs[] = {"none",  "None",   "",      "HS256", "HS512",
                                       "RS384", "ES256K", "ES512", "eddsa", "Ed25519"};
    static const char *const broken[] = {
        "",
        "[]",
        "1",
        "{",
        "{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"ed\"}",
        "{\"alg\":\"none\",\"\\u0061lg\":\"EdDSA\",\"kid\":\"ed\"}"};

    for (gsize i = 0; i < G_N_ELEMENTS(algs); i++) {
        g_autofree char *header = g_strdup_printf("{\"alg\":\"%s\",\"kid\":\"ed\"}", algs[i]);

        header_refused(ed25519, "EdDSA", header, "\"alg\" must be EdDSA, ES256, PS256 or RS256");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++)
        header_refused(ed25519, "EdDSA", broken[i], "at /protected: must encode a JSON object");
    header_refused(ed25519, "EdDSA", "{\"kid\":\"ed\"}", "must have a string \"alg\"");
    header_refused(ed25519, "EdDSA", "{\"alg\":[\"EdDSA\"],\"kid\":\"ed\"}", "a string \"alg\"");
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\"}", "must have a string \"kid\"");
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":1}", "a string \"kid\"");
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"exp\"]}",
                   "\"crit\" is not supported");
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":null}",
                   "\"crit\" is not supported");
}

static void
test_key_names(void)
{
    static const char *const bad[] = {
        "",
        "../ed",
        "/etc/ssl/ed",
        "ed.pem",
        "a b",
        "e\\u00e9",
        ".",
        "..",
        "ed\\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *header = g_strdup_printf("{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", bad[i]);

        header_refused(ed25519, "EdDSA", header, "\"kid\" must be 1 to 64 of A-Z a-z 0-9 _ -");
    }
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"absent\"}",
                   "is signed by \"absent\", and that key cannot be used");
    header_refused(other_ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
                   "at /signature: does not fit");
}

static void
write_key(const char *name, const char *content, gssize length, int mode)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    g_assert_true(
        g_file_set_contents_full(path, content, length, G_FILE_SET_CONTENTS_NONE, mode, NULL));
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static char *
private_pem(EVP_PKEY *key)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long length;
    char *text;

    PEM_write_bio_PrivateKey(memory, key, EVP_aes_128_cbc(), (const unsigned char *)"x", 1, NULL,
                             NULL);
    length = BIO_get_mem_data(memory, &bytes);
    text = g_strndup(bytes, (gsize)length);
    BIO_free_all(memory);
    return text;
}

static void
test_key_files(void)
{
    static const char *const unusable[] = {"empty", "garbage", "private", "huge",
                                           "tls_certificate"};
    g_autofree char *padding = g_strnfill(65537, '\n');
    g_autofree char *public = NULL;
    g_autofree char *huge = NULL;
    g_autofree char *p256_path = g_build_filename(directory, "ec.pem", NULL);
    g_autofree char *private = private_pem(ed25519);
    g_autofree char *good = NULL;
    g_autofree char *path = g_build_filename(directory, "ed.pem", NULL);
    g_autofree char *link = g_build_filename(directory, "link.pem", NULL);

    g_assert_true(g_file_get_contents(p256_path, &public, NULL, NULL));
    huge = g_strconcat(public, padding, NULL);
    write_key("empty.pem", "", 0, 0644);
    write_key("garbage.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n", -1, 0644);
    write_key("private.pem", private, -1, 0600);
    write_key("huge.pem", huge, -1, 0644);
    for (gsize i = 0; i < G_N_ELEMENTS(unusable); i++) {
        g_autofree char *header =
            g_strdup_printf("{\"alg\":\"ES256\",\"kid\":\"%s\"}", unusable[i]);

        header_refused(p256, "ES256", header, "must hold a public key in PEM, or a certificate");
    }
    g_assert_true(g_file_get_contents(path, &good, NULL, NULL));
    write_key("writable.pem", good, -1, 0666);
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"writable\"}",
                   "is signed by \"writable\", and that key cannot be used");
    g_assert_cmpint(symlink(path, link), ==, 0);
    header_refused(ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"link\"}",
                   "is signed by \"link\", and that key cannot be used");
}

static void
test_no_directory(void)
{
    Gateway lax = {0};
    g_autofree char *text =
        signing_envelope("EdDSA", ed25519, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", DOCUMENT);

    document_test_refused_on(&lax, text, PLAN_ERROR_BAD_SIGNATURE,
                             "no [trust] directory is configured");
}

static void
test_required(void)
{
    Gateway strict = gateway();

    document_test_refused_on(&strict, DOCUMENT, PLAN_ERROR_BAD_SIGNATURE, "is not signed");
    document_test_refused_on(&strict, "{\"payload\":\"e30\",\"signature\":\"AA\"}",
                             PLAN_ERROR_BAD_SIGNATURE, "is not signed");
    document_test_refused_on(&strict, "{\"steps\":", PLAN_ERROR_INVALID_DOCUMENT, "the text ends");
}

static void
test_payload(void)
{
    static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}";
    g_autofree char *inner = signing_envelope("EdDSA", ed25519, header, DOCUMENT);
    g_autofree char *nested = signing_envelope("EdDSA", ed25519, header, inner);
    g_autofree char *broken = signing_envelope("EdDSA", ed25519, header, "{\"operation\":");
    g_autofree char *empty = signing_envelope("EdDSA", ed25519, header, "");
    g_autofree char *steps = signing_envelope(
        "EdDSA", ed25519, header,
        "{\"steps\":[{\"action\":{\"type\":\"runCommand\",\"input\":{\"command\":\"\"}}}]}");
    g_autofree char *unknown =
        signing_envelope("EdDSA", ed25519, header, "{\"operation\":\"dance\"}");

    refused(nested, PLAN_ERROR_INVALID_DOCUMENT, "is itself a signed document");
    refused(broken, PLAN_ERROR_INVALID_DOCUMENT, "the text ends");
    refused(empty, PLAN_ERROR_INVALID_DOCUMENT, "has 0 bytes");
    refused(steps, PLAN_ERROR_INVALID_DOCUMENT, "at /steps/0/action/input/command: ");
    refused(unknown, PLAN_ERROR_UNKNOWN_OPERATION, "\"dance\"");
}

/* What is not signed must not matter, or must be refused. */
static void
test_beside(void)
{
    Gateway strict = gateway();
    g_autofree char *good =
        signing_envelope("EdDSA", ed25519, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", DOCUMENT);
    g_autofree char *more = g_strdup_printf("{\"operation\":\"shell\",\"steps\":[],%s", good + 1);
    g_autofree char *header = g_strdup_printf("{\"header\":{\"kid\":\"x\"},%s", good + 1);
    g_autofree char *general = g_strdup_printf("{\"signatures\":[],%s", good + 1);
    g_autoptr(Plan) plan = document_test_plan_on(&strict, more);

    document_test_step_is(plan, 0, "reboot", DOCUMENT);
    refused(header, PLAN_ERROR_BAD_SIGNATURE, "must not have \"header\" or \"signatures\"");
    refused(general, PLAN_ERROR_BAD_SIGNATURE, "must not have \"header\" or \"signatures\"");
}

static void
test_types(void)
{
    refused("{\"payload\":null,\"protected\":\"\",\"signature\":\"\"}", PLAN_ERROR_BAD_SIGNATURE,
            "at /payload: must be a string in base64url");
    refused("{\"payload\":\"e30\",\"protected\":{},\"signature\":\"\"}", PLAN_ERROR_BAD_SIGNATURE,
            "at /protected: must be a string in base64url");
    refused("{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":[1]}",
            PLAN_ERROR_BAD_SIGNATURE, "at /signature: must be a string in base64url");
    refused("{\"payload\":\"e30=\",\"protected\":\"e30\",\"signature\":\"\"}",
            PLAN_ERROR_BAD_SIGNATURE, "at /payload: must be a string in base64url");
}

/* Every letter of every part replaced: never taken. */
static void
tamper(const char *alg, EVP_PKEY *key, const char *kid)
{
    g_autofree char *header = g_strdup_printf("{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
    g_autofree char *text = signing_envelope(alg, key, header, DOCUMENT);
    Gateway strict = gateway();

    plan_free(document_test_plan_on(&strict, text));
    for (gsize i = 0; text[i] != '\0'; i++) {
        g_autofree char *changed = g_strdup(text);
        g_autoptr(GError) error = NULL;

        changed[i] = text[i] == 'A' ? 'B' : 'A';
        g_assert_null(plan_parse(changed, strlen(changed), &strict.context, &error));
        g_assert_nonnull(error);
    }
}

static void
test_tampering(void)
{
    tamper("EdDSA", ed25519, "ed");
    tamper("ES256", p256, "ec");
    tamper("PS256", rsa, "rsa");
    tamper("RS256", rsa, "rsa");
}

static void
test_signature_sizes(void)
{
    static const char *const signatures[] = {"", "AA", "AAAA"};
    static const char *const headers[] = {
        "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", "{\"alg\":\"ES256\",\"kid\":\"ec\"}",
        "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"};
    g_autofree guint8 *zeros = g_new0(guint8, 600);

    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *header = signing_encode(headers[i], strlen(headers[i]));

        for (gsize j = 0; j < G_N_ELEMENTS(signatures) + 4; j++) {
            static const gsize sizes[] = {63, 64, 65, 600};
            g_autofree char *zero = signing_encode(zeros, j < 3 ? 0 : sizes[j - 3]);
            g_autofree char *text =
                g_strdup_printf("{\"payload\":\"e30\",\"protected\":\"%s\",\"signature\":\"%s\"}",
                                header, j < 3 ? signatures[j] : zero);

            refused(text, PLAN_ERROR_BAD_SIGNATURE, "at /signature: does not fit");
        }
    }
}

static void
test_base64url(void)
{
    static const char *const bad[] = {"A",  "AAAAA", "AA=", "AA==", "A A",
                                      "AB", "AAB",   "A+A", "A/A",  "\xc3\xa9_A"};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(base64url_decode(bad[i]));
    for (guint length = 0; length < 300; length++) {
        g_autofree guint8 *bytes = g_malloc0(length + 1);
        g_autofree char *text = NULL;
        g_autoptr(GBytes) decoded = NULL;

        for (guint i = 0; i < length; i++)
            bytes[i] = (guint8)(i * 7 + length);
        text = signing_encode(bytes, length);
        decoded = base64url_decode(text);
        g_assert_nonnull(decoded);
        g_assert_cmpmem(g_bytes_get_data(decoded, NULL), g_bytes_get_size(decoded), bytes, length);
    }
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    make_keys();
    g_test_add_func("/signed/algorithms", test_algorithms);
    g_test_add_func("/signed/algorithm-fits-key", test_algorithm_fits_key);
    g_test_add_func("/signed/header", test_header);
    g_test_add_func("/signed/key-names", test_key_names);
    g_test_add_func("/signed/key-files", test_key_files);
    g_test_add_func("/signed/no-directory", test_no_directory);
    g_test_add_func("/signed/required", test_required);
    g_test_add_func("/signed/payload", test_payload);
    g_test_add_func("/signed/beside", test_beside);
    g_test_add_func("/signed/types", test_types);
    g_test_add_func("/signed/tampering", test_tampering);
    g_test_add_func("/signed/signature-sizes", test_signature_sizes);
    g_test_add_func("/signed/base64url", test_base64url);
    result = g_test_run();
    remove_keys();
    return result;
}
