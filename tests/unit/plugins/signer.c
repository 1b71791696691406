#include "signer.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

EVP_PKEY *
signer_key(const char *kind, int number)
{
    static GHashTable *keys;
    char *name = g_strdup_printf("%s %d", kind, number);
    EVP_PKEY *key;

    if (keys == NULL)
        keys = g_hash_table_new(g_str_hash, g_str_equal);
    key = g_hash_table_lookup(keys, name);
    if (key != NULL) {
        g_free(name);
        return key;
    }
    if (g_str_equal(kind, "Ed25519"))
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (g_str_has_prefix(kind, "RSA"))
        key = EVP_RSA_gen(g_str_equal(kind, "RSA") ? 2048 : 1024);
    else
        key = EVP_EC_gen(kind);
    g_assert_nonnull(key);
    g_hash_table_insert(keys, name, key);
    return key;
}

static void
extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension;

    if (value == NULL || *value == '\0')
        return;
    extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    g_assert_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *
certificate_of(EVP_PKEY *key, const char *usage, const char *extended)
{
    X509 *self = X509_new();
    X509_NAME *name = X509_get_subject_name(self);
    gboolean own = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;

    X509_set_version(self, X509_VERSION_3);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"signer", -1, -1,
                               0);
    X509_set_issuer_name(self, name);
    X509_set_pubkey(self, key);
    X509_gmtime_adj(X509_getm_notBefore(self), -7200);
    X509_gmtime_adj(X509_getm_notAfter(self), -3600);
    extend(self, NID_key_usage, usage);
    extend(self, NID_ext_key_usage, extended);
    g_assert_cmpint(X509_sign(self, key, own ? NULL : EVP_sha256()), >, 0);
    return self;
}

void
signer_trust(const char *directory, const char *name, EVP_PKEY *key, const char *usage,
             const char *extended)
{
    g_autofree char *path = g_strdup_printf("%s/%s.pem", directory, name);
    BIO *file = BIO_new_file(path, "w");

    g_assert_nonnull(file);
    if (usage == NULL) {
        g_assert_cmpint(PEM_write_bio_PUBKEY(file, key), ==, 1);
    } else {
        X509 *certificate = certificate_of(key, usage, extended);

        g_assert_cmpint(PEM_write_bio_X509(file, certificate), ==, 1);
        X509_free(certificate);
    }
    BIO_free_all(file);
}

char *
signer_sign(EVP_PKEY *key, const char *hash, GBytes *content)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    guchar signature[1024];
    gsize length = sizeof signature, size;
    const guchar *data = g_bytes_get_data(content, &size);

    g_assert_cmpint(EVP_DigestSignInit_ex(context, NULL, hash, NULL, NULL, key, NULL), ==, 1);
    g_assert_cmpint(EVP_DigestSign(context, signature, &length, data, size), ==, 1);
    EVP_MD_CTX_free(context);
    return g_base64_encode(signature, length);
}
