/* The other side of signed documents: keys, certificates and signatures made for a test. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* NAME.pem in directory: the public key, or with usage ("digitalSignature", "keyEncipherment", ""
 * for a certificate without the extension) a self-signed certificate. */
void signing_trust(const char *directory, const char *name, EVP_PKEY *key, const char *usage);
/* base64url without padding. */
char *signing_encode(const void *bytes, gsize length);
/* Signature over header.payload as alg asks for it, encoded. */
char *signing_sign(const char *alg, EVP_PKEY *key, const char *header, const char *payload);
/* The flattened JWS of document; header is the JSON of the protected header. */
char *signing_envelope(const char *alg, EVP_PKEY *key, const char *header, const char *document);
