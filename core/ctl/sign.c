#include "sign.h"

#include "plan.h"

#include <json-glib/json-glib.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(errand - sign - error - quark, sign_error)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

#define RSA_BITS_MIN 2048 /* what the verifying side asks for */
#define ES256_HALF   32   /* bytes of r and of s, RFC 7518 section 3.4 */
#define NAME_MAX_LEN 64

static gboolean
fail(GError **error, SignError code, const char *what, const char *name)
{
    char reason[256] = "";
    unsigned long number = ERR_get_error();

    if (number != 0)
        ERR_error_string_n(number, reason, sizeof reason);
    ERR_clear_error();
    g_set_error(error, SIGN_ERROR, code, "%s%s%s%s%s", what, name != NULL ? " " : "",
                name != NULL ? name : "", number != 0 ? ": " : "", reason);
    return FALSE;
}

static EVP_PKEY *
read_key(const char *path, GError **error)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key;

    if (file == NULL) {
        g_set_error(error, SIGN_ERROR, SIGN_ERROR_KEY, "cannot open the key %s: %m", path);
        return NULL;
    }
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (key == NULL)
        fail(error, SIGN_ERROR_KEY, "there is no private key in PEM form in", path);
    return key;
}

static const char *
algorithm_of(EVP_PKEY *key, GError **error)
{
    char group[80] = "";

    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return "EdDSA";
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN)
        return "PS256";
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
        g_str_equal(group, "prime256v1"))
        return "ES256";
    g_set_error(
        error, SIGN_ERROR, SIGN_ERROR_KEY,
        "the key is of a kind that cannot be used: Ed25519, P-256 and RSA of %d bits or more can",
        RSA_BITS_MIN);
    return NULL;
}

static char *
kid_of(const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    char *dot = strrchr(name, '.');
    gsize length;

    if (dot != NULL && dot != name)
        *dot = '\0';
    length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    if (name[length] != '\0' || length == 0 || length > NAME_MAX_LEN) {
        g_set_error(error, SIGN_ERROR, SIGN_ERROR_KEY,
                    "'%s' names no key: name the key file like its NAME.pem in the gateways' "
                    "trust.d, 1 to %d of [A-Za-z0-9_-]",
                    name, NAME_MAX_LEN);
        return NULL;
    }
    return g_steal_pointer(&name);
}

static char *
base64url(const void *bytes, gsize length)
{
    char *text = g_base64_encode(bytes, length);

    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

/* JWS wants r || s, OpenSSL makes DER. */
static gboolean
pair_from_der(GByteArray *signature)
{
    const unsigned char *at = signature->data;
    g_autoptr(ECDSA_SIG) parsed = d2i_ECDSA_SIG(NULL, &at, (long)signature->len);
    guint8 pair[2 * ES256_HALF];

    if (parsed == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(parsed), pair, ES256_HALF) != ES256_HALF ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed), pair + ES256_HALF, ES256_HALF) != ES256_HALF)
        return FALSE;
    g_byte_array_set_size(signature, 0);
    g_byte_array_append(signature, pair, sizeof pair);
    return TRUE;
}

static gboolean
set_up(EVP_MD_CTX *context, EVP_PKEY *key, const char *algorithm)
{
    EVP_PKEY_CTX *parameters = NULL;
    const EVP_MD *digest = g_str_equal(algorithm, "EdDSA") ? NULL : EVP_sha256();

    if (EVP_DigestSignInit(context, &parameters, digest, NULL, key) != 1)
        return FALSE;
    return !g_str_equal(algorithm, "PS256") ||
           (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static char *
signature_of(EVP_PKEY *key, const char *algorithm, const char *text, GError **error)
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    g_autoptr(GByteArray) signature = g_byte_array_new();
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = 0;
    gboolean good = context != NULL && set_up(context, key, algorithm) &&
                    EVP_DigestSign(context, NULL, &length, bytes, strlen(text)) == 1;

    if (good) {
        g_byte_array_set_size(signature, (guint)length);
        good = EVP_DigestSign(context, signature->data, &length, bytes, strlen(text)) == 1;
        g_byte_array_set_size(signature, (guint)length);
    }
    if (good && g_str_equal(algorithm, "ES256"))
        good = pair_from_der(signature);
    if (!good) {
        fail(error, SIGN_ERROR_KEY, "cannot sign with the key", NULL);
        return NULL;
    }
    return base64url(signature->data, signature->len);
}

static gboolean
check_document(const char *document, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) fault = NULL;

    if (strlen(document) > PLAN_DOCUMENT_MAX)
        g_set_error(&fault, SIGN_ERROR, SIGN_ERROR_DOCUMENT, "larger than %d bytes",
                    PLAN_DOCUMENT_MAX);
    else if (json_parser_load_from_data(parser, document, -1, &fault) &&
             !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        g_set_error(&fault, SIGN_ERROR, SIGN_ERROR_DOCUMENT, "no JSON object");
    if (fault == NULL)
        return TRUE;
    g_set_error(error, SIGN_ERROR, SIGN_ERROR_DOCUMENT, "this is no job document: %s",
                fault->message);
    return FALSE;
}

char *
sign_document(const char *key_file, const char *document, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    g_autofree char *kid = kid_of(key_file, error);
    g_autofree char *header = NULL;
    g_autofree char *protected = NULL;
    g_autofree char *payload = NULL;
    g_autofree char *text = NULL;
    g_autofree char *signature = NULL;
    const char *algorithm;

    if (kid == NULL || !check_document(document, error))
        return NULL;
    key = read_key(key_file, error);
    if (key == NULL)
        return NULL;
    algorithm = algorithm_of(key, error);
    if (algorithm == NULL)
        return NULL;
    header = g_strdup_printf("{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithm, kid);
    protected = base64url(header, strlen(header));
    payload = base64url(document, strlen(document));
    text = g_strconcat(protected, ".", payload, NULL);
    signature = signature_of(key, algorithm, text, error);
    if (signature == NULL)
        return NULL;
    return g_strdup_printf("{\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}",
                           payload, protected, signature);
}
