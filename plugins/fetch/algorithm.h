/* The signature algorithms of the field, by the names that documents have for them. */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;   /* Java's: "SHA256withECDSA" */
    const char *member; /* in afr_ota documents: "sig-sha256-ecdsa"; NULL when there is none */
    const char *hash;   /* "SHA256", "SHA1"; NULL: the file itself is signed (Ed25519) */
    int type;           /* EVP_PKEY_* */
    int bits_min;       /* smallest key accepted */
    const char *needs;  /* the key it fits, for people */
} Algorithm;

/* All of their names, for messages. */
#define ALGORITHM_NAMES "SHA256withECDSA, SHA256withRSA, SHA1withECDSA, SHA1withRSA or Ed25519"

/* NULL when it is none. */
const Algorithm *algorithm_find(const char *name);
const Algorithm *algorithm_of_member(const char *member);

bool algorithm_is_sha1(const Algorithm *self);
bool algorithm_fits(const Algorithm *self, EVP_PKEY *key);
/* Whether the key, which fits, signed the digest (of self->hash, which there must be). ECDSA as
 * DER, RSA with PKCS #1 v1.5 padding and as long as its modulus. */
bool algorithm_verify(const Algorithm *self, EVP_PKEY *key, const unsigned char *signature,
                      size_t length, const unsigned char *digest, size_t digest_length);
