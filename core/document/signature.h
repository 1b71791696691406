/* The four signature algorithms of signed documents (RFC 7518, RFC 8037). Nothing else is ever
 * tried: no "none", no HMAC, and the algorithm must be the one that fits the key.
 *
 * Errors: PLAN_ERROR_BAD_SIGNATURE.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

typedef struct _SignatureAlgorithm SignatureAlgorithm;

/* EdDSA, ES256, PS256 or RS256 (exactly so written); NULL with error for all others. */
const SignatureAlgorithm *signature_algorithm(const char *name, GError **error);

/* ES256 signatures are r and s, 32 bytes each. */
gboolean signature_verify(const SignatureAlgorithm *self, EVP_PKEY *key, const char *signed_text,
                          GBytes *signature, GError **error) G_GNUC_WARN_UNUSED_RESULT;
