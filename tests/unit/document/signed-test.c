#include "signed-test.h"

#include "signing.h"

#include <glib/gstdio.h>

void
signed_test_make_keys(SignedKeys *keys)
{
    keys->directory = g_dir_make_tmp("errand-trust-XXXXXX", NULL);
    g_assert_nonnull(keys->directory);
    keys->ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys->other_ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys->p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    keys->p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    keys->rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    keys->small_rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    signing_trust(keys->directory, "ed", keys->ed25519, NULL);
    signing_trust(keys->directory, "ec", keys->p256, NULL);
    signing_trust(keys->directory, "ec384", keys->p384, NULL);
    signing_trust(keys->directory, "rsa", keys->rsa, NULL);
    signing_trust(keys->directory, "small", keys->small_rsa, NULL);
    signing_trust(keys->directory, "certificate", keys->p256, "digitalSignature");
    signing_trust(keys->directory, "plain-certificate", keys->ed25519, "");
    signing_trust(keys->directory, "tls_certificate", keys->p256, "keyEncipherment");
}

void
signed_test_remove_keys(SignedKeys *keys)
{
    GDir *list = g_dir_open(keys->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(list)) != NULL) {
        g_autofree char *path = g_build_filename(keys->directory, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_dir_close(list);
    g_assert_cmpint(g_rmdir(keys->directory), ==, 0);
    g_free(keys->directory);
    EVP_PKEY_free(keys->ed25519);
    EVP_PKEY_free(keys->other_ed25519);
    EVP_PKEY_free(keys->p256);
    EVP_PKEY_free(keys->p384);
    EVP_PKEY_free(keys->rsa);
    EVP_PKEY_free(keys->small_rsa);
}

Gateway
signed_test_gateway(const SignedKeys *keys)
{
    return (Gateway){.context = {.trust_directory = keys->directory, .require_signed = TRUE}};
}

void
signed_test_refused(const SignedKeys *keys, const char *text, PlanError code, const char *part)
{
    Gateway strict = signed_test_gateway(keys);
    Gateway lax = signed_test_gateway(keys);

    lax.context.require_signed = FALSE;
    document_test_refused_on(&strict, text, code, part);
    document_test_refused_on(&lax, text, code, part);
}

void
signed_test_header_refused(const SignedKeys *keys, EVP_PKEY *key, const char *alg,
                           const char *header, const char *part)
{
    g_autofree char *text = signing_envelope(alg, key, header, SIGNED_TEST_DOCUMENT);

    signed_test_refused(keys, text, PLAN_ERROR_BAD_SIGNATURE, part);
}
