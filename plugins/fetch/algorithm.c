#include "algorithm.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

/* NIST SP 800-131A: 112 bits of strength. AWS Signer has nothing smaller. */
#define RSA_BITS_MIN 2048
#define EC_BITS_MIN  256
#define RSA_NEEDS    "an RSA key of 2048 bits or more"
#define EC_NEEDS     "an EC key of 256 bits or more"

static const Algorithm algorithms[] = {
    {"SHA256withECDSA", "sig-sha256-ecdsa", "SHA256", EVP_PKEY_EC, EC_BITS_MIN, EC_NEEDS},
    {"SHA256withRSA", "sig-sha256-rsa", "SHA256", EVP_PKEY_RSA, RSA_BITS_MIN, RSA_NEEDS},
    {"SHA1withECDSA", "sig-sha1-ecdsa", "SHA1", EVP_PKEY_EC, EC_BITS_MIN, EC_NEEDS},
    {"SHA1withRSA", "sig-sha1-rsa", "SHA1", EVP_PKEY_RSA, RSA_BITS_MIN, RSA_NEEDS},
    {"Ed25519", NULL, NULL, EVP_PKEY_ED25519, 0, "an Ed25519 key"},
};

const Algorithm *
algorithm_find(const char *name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (strcmp(name, algorithms[i].name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const Algorithm *
algorithm_of_member(const char *member)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (algorithms[i].member != NULL && strcmp(member, algorithms[i].member) == 0)
            return &algorithms[i];
    }
    return NULL;
}

bool
algorithm_is_sha1(const Algorithm *self)
{
    return self->hash != NULL && strcmp(self->hash, "SHA1") == 0;
}

bool
algorithm_fits(const Algorithm *self, EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == self->type && EVP_PKEY_get_bits(key) >= self->bits_min;
}

static bool
set_parameters(const Algorithm *self, EVP_PKEY_CTX *context)
{
    EVP_MD *md = EVP_MD_fetch(NULL, self->hash, NULL);
    bool good = md != NULL && EVP_PKEY_verify_init(context) == 1 &&
                EVP_PKEY_CTX_set_signature_md(context, md) == 1 &&
                (self->type != EVP_PKEY_RSA ||
                 EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1);

    EVP_MD_free(md);
    return good;
}

bool
algorithm_verify(const Algorithm *self, EVP_PKEY *key, const unsigned char *signature,
                 size_t length, const unsigned char *digest, size_t digest_length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool good = context != NULL && set_parameters(self, context) &&
                EVP_PKEY_verify(context, signature, length, digest, digest_length) == 1;

    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return good;
}
