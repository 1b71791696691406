#include "signing.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

static X509 *
certificate(EVP_PKEY *key, const char *usage)
{
    X509 *self = X509_new();
    X509_NAME *name = X509_get_subject_name(self);
    X509_EXTENSION *extension;

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"signer", -1, -1,
                               0);
    X509_set_issuer_name(self, name);
    X509_set_pubkey(self, key);
    X509_gmtime_adj(X509_getm_notBefore(self), -7200);
    X509_gmtime_adj(X509_getm_notAfter(self), -3600);
    if (*usage != '\0') {
        extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
        X509_add_ext(self, extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(self, key, EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256());
    return self;
}

void
signing_trust(const char *directory, const char *name, EVP_PKEY *key, const char *usage)
{
    g_autofree char *path = g_strdup_printf("%s/%s.pem", directory, name);
    BIO *file = BIO_new_file(path, "w");

    g_assert_nonnull(file);
    if (usage == NULL) {
        g_assert_cmpint(PEM_write_bio_PUBKEY(file, key), ==, 1);
    } else {
        X509 *x509 = certificate(key, usage);

        g_assert_cmpint(PEM_write_bio_X509(file, x509), ==, 1);
        X509_free(x509);
    }
    BIO_free_all(file);
}

char *
signing_encode(const void *bytes, gsize length)
{
    char *text = g_base64_encode(bytes, length);

    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

static gsize
sign(const char *alg, EVP_PKEY *key, const char *text, guint8 *signature, gsize size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    const EVP_MD *digest = g_str_equal(alg, "EdDSA") ? NULL : EVP_sha256();

    g_assert_cmpint(EVP_DigestSignInit(context, &parameters, digest, NULL, key), ==, 1);
    if (g_str_has_prefix(alg, "PS256")) {
        int salt = g_str_equal(alg, "PS256") ? RSA_PSS_SALTLEN_DIGEST : 20;

        g_assert_cmpint(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), ==, 1);
        g_assert_cmpint(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt), ==, 1);
    }
    g_assert_cmpint(EVP_DigestSign(context, signature, &size, (const guint8 *)text, strlen(text)),
                    ==, 1);
    EVP_MD_CTX_free(context);
    return size;
}

static gsize
der_to_pair(guint8 *signature, gsize length)
{
    const guint8 *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);

    g_assert_nonnull(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

char *
signing_sign(const char *alg, EVP_PKEY *key, const char *header, const char *payload)
{
    g_autofree char *text = g_strconcat(header, ".", payload, NULL);
    guint8 signature[1024];
    gsize length = sign(alg, key, text, signature, sizeof signature);

    if (g_str_equal(alg, "ES256"))
        length = der_to_pair(signature, length);
    return signing_encode(signature, length);
}

char *
signing_envelope(const char *alg, EVP_PKEY *key, const char *header, const char *document)
{
    g_autofree char *header_text = signing_encode(header, strlen(header));
    g_autofree char *payload = signing_encode(document, strlen(document));
    g_autofree char *signature = signing_sign(alg, key, header_text, payload);

    return g_strdup_printf("{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}",
                           payload, header_text, signature);
}
