#include "signature.h"

#include "fault.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#define RSA_BITS_MIN   2048 /* RFC 7518 sections 3.3 and 3.5 */
#define ES256_HALF     32   /* bytes of r and of s, RFC 7518 section 3.4 */
#define P256_GROUP     "prime256v1"
#define GROUP_NAME_MAX 80

struct _SignatureAlgorithm {
    const char *name;
    const char *needs; /* the key it fits, for people */
    gboolean (*fits)(EVP_PKEY *key);
    const EVP_MD *(*digest)(void); /* NULL: the algorithm has its own */
    gboolean is_pss;
    gboolean is_pair; /* the signature is r || s and has to be turned into DER */
};

static gboolean
signature_fits_ed25519(EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
}

static gboolean
signature_fits_p256(EVP_PKEY *key)
{
    char group[GROUP_NAME_MAX] = "";

    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           g_str_equal(group, P256_GROUP);
}

static gboolean
signature_fits_rsa(EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
}

static gboolean
signature_fits_pss(EVP_PKEY *key)
{
    return signature_fits_rsa(key) || (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS &&
                                       EVP_PKEY_get_bits(key) >= RSA_BITS_MIN);
}

static const SignatureAlgorithm algorithms[] = {
    {"EdDSA", "an Ed25519 key", signature_fits_ed25519, NULL, FALSE, FALSE},
    {"ES256", "a P-256 key", signature_fits_p256, EVP_sha256, FALSE, TRUE},
    {"PS256", "an RSA key of 2048 bits or more", signature_fits_pss, EVP_sha256, TRUE, FALSE},
    {"RS256", "an RSA key of 2048 bits or more", signature_fits_rsa, EVP_sha256, FALSE, FALSE},
};

const SignatureAlgorithm *
signature_algorithm(const char *name, GError **error)
{
    g_autofree char *quoted = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        if (g_str_equal(name, algorithms[i].name))
            return &algorithms[i];
    }
    quoted = fault_quote(name);
    fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected",
              "\"alg\" must be EdDSA, ES256, PS256 or RS256, found %s", quoted);
    return NULL;
}

/* r || s as the DER that OpenSSL takes; NULL when it is not 64 bytes. */
static GBytes *
signature_der(GBytes *signature)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(signature, &length);
    ECDSA_SIG *pair = length == 2 * ES256_HALF ? ECDSA_SIG_new() : NULL;
    BIGNUM *r = pair != NULL ? BN_bin2bn(bytes, ES256_HALF, NULL) : NULL;
    BIGNUM *s = pair != NULL ? BN_bin2bn(bytes + ES256_HALF, ES256_HALF, NULL) : NULL;
    unsigned char *der = NULL;
    GBytes *result = NULL;
    int der_length;

    if (r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return NULL;
    }
    der_length = i2d_ECDSA_SIG(pair, &der);
    if (der_length > 0)
        result = g_bytes_new(der, (gsize)der_length);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    return result;
}

static gboolean
signature_start(const SignatureAlgorithm *self, EVP_PKEY *key, EVP_MD_CTX *context)
{
    const EVP_MD *digest = self->digest != NULL ? self->digest() : NULL;
    EVP_PKEY_CTX *parameters = NULL;

    if (EVP_DigestVerifyInit(context, &parameters, digest, NULL, key) != 1)
        return FALSE;
    return !self->is_pss ||
           (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static gboolean
signature_is_good(const SignatureAlgorithm *self, EVP_PKEY *key, const char *signed_text,
                  GBytes *signature)
{
    g_autoptr(GBytes) bytes = self->is_pair ? signature_der(signature) : g_bytes_ref(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    gboolean good = FALSE;

    if (bytes != NULL && context != NULL && signature_start(self, key, context))
        good = EVP_DigestVerify(context, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                (const unsigned char *)signed_text, strlen(signed_text)) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

gboolean
signature_verify(const SignatureAlgorithm *self, EVP_PKEY *key, const char *signed_text,
                 GBytes *signature, GError **error)
{
    if (!self->fits(key)) {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected",
                  "\"alg\" %s needs %s, and the key named by \"kid\" is another", self->name,
                  self->needs);
        return FALSE;
    }
    if (signature_is_good(self, key, signed_text, signature))
        return TRUE;
    fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/signature",
              "does not fit: the document was changed after signing, or signed with another key");
    return FALSE;
}
