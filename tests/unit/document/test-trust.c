#include "signed-test.h"
#include "signing.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <unistd.h>

static SignedKeys keys;

static void
write_key(const char *name, const char *content, gssize length, int mode)
{
    g_autofree char *path = g_build_filename(keys.directory, name, NULL);

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

        signed_test_header_refused(&keys, keys.ed25519, "EdDSA", header,
                                   "\"kid\" must be 1 to 64 of A-Z a-z 0-9 _ -");
    }
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA",
                               "{\"alg\":\"EdDSA\",\"kid\":\"absent\"}",
                               "is signed by \"absent\", and that key cannot be used");
    signed_test_header_refused(&keys, keys.other_ed25519, "EdDSA",
                               "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", "at /signature: does not fit");
}

static void
test_key_files(void)
{
    static const char *const unusable[] = {"empty", "garbage", "private", "huge",
                                           "tls_certificate"};
    g_autofree char *padding = g_strnfill(65537, '\n');
    g_autofree char *public = NULL;
    g_autofree char *huge = NULL;
    g_autofree char *p256_path = g_build_filename(keys.directory, "ec.pem", NULL);
    g_autofree char *private = private_pem(keys.ed25519);
    g_autofree char *good = NULL;
    g_autofree char *path = g_build_filename(keys.directory, "ed.pem", NULL);
    g_autofree char *link = g_build_filename(keys.directory, "link.pem", NULL);

    g_assert_true(g_file_get_contents(p256_path, &public, NULL, NULL));
    huge = g_strconcat(public, padding, NULL);
    write_key("empty.pem", "", 0, 0644);
    write_key("garbage.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n", -1, 0644);
    write_key("private.pem", private, -1, 0600);
    write_key("huge.pem", huge, -1, 0644);
    for (gsize i = 0; i < G_N_ELEMENTS(unusable); i++) {
        g_autofree char *header =
            g_strdup_printf("{\"alg\":\"ES256\",\"kid\":\"%s\"}", unusable[i]);

        signed_test_header_refused(&keys, keys.p256, "ES256", header,
                                   "must hold a public key in PEM, or a certificate");
    }
    g_assert_true(g_file_get_contents(path, &good, NULL, NULL));
    write_key("writable.pem", good, -1, 0666);
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA",
                               "{\"alg\":\"EdDSA\",\"kid\":\"writable\"}",
                               "is signed by \"writable\", and that key cannot be used");
    g_assert_cmpint(symlink(path, link), ==, 0);
    signed_test_header_refused(&keys, keys.ed25519, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"link\"}",
                               "is signed by \"link\", and that key cannot be used");
}

static void
test_no_directory(void)
{
    Gateway lax = {0};
    g_autofree char *text = signing_envelope(
        "EdDSA", keys.ed25519, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", SIGNED_TEST_DOCUMENT);

    document_test_refused_on(&lax, text, PLAN_ERROR_BAD_SIGNATURE,
                             "no [trust] directory is configured");
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    signed_test_make_keys(&keys);
    g_test_add_func("/trust/refuses-bad-key-names", test_key_names);
    g_test_add_func("/trust/refuses-bad-key-files", test_key_files);
    g_test_add_func("/trust/nothing-is-trusted-without-a-directory", test_no_directory);
    result = g_test_run();
    signed_test_remove_keys(&keys);
    return result;
}
