/* Keys of all kinds, most of them trusted, and a gateway that takes signed documents only: for the
 * tests of signed.c and trust.c. A failed expectation fails the test. */
#pragma once

#include "document-test.h"

#include <openssl/evp.h>

typedef struct {
    char *directory; /* the trust directory */
    EVP_PKEY *ed25519;
    EVP_PKEY *other_ed25519; /* not trusted */
    EVP_PKEY *p256;
    EVP_PKEY *p384;
    EVP_PKEY *rsa;
    EVP_PKEY *small_rsa; /* 1024 bits */
} SignedKeys;

#define SIGNED_TEST_DOCUMENT "{\"operation\":\"reboot\",\"delay\":5}"

/* Makes the keys and, in a new directory, the files ed, ec, ec384, rsa, small, certificate,
 * plain-certificate (without a key usage) and tls_certificate (not for signing). */
void signed_test_make_keys(SignedKeys *keys);
void signed_test_remove_keys(SignedKeys *keys);

Gateway signed_test_gateway(const SignedKeys *keys);
/* text is refused whether or not the gateway insists on signatures; see document_test_refused(). */
void signed_test_refused(const SignedKeys *keys, const char *text, PlanError code,
                         const char *part);
/* The same, for a good document that key signed under a header. */
void signed_test_header_refused(const SignedKeys *keys, EVP_PKEY *key, const char *alg,
                                const char *header, const char *part);
