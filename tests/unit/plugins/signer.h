/* The other side of signed files: keys, certificates and signatures made for a test. */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

/* kind: "P-256", "P-224", "RSA" (2048), "RSA-1024" or "Ed25519"; the same key each time for one
 * number. Never freed. */
EVP_PKEY *signer_key(const char *kind, int number);

/* NAME.pem in the directory: the public key, or with usage a self-signed certificate long expired;
 * "" for one without that extension. */
void signer_trust(const char *directory, const char *name, EVP_PKEY *key, const char *usage,
                  const char *extended);

/* In base64; hash is "SHA256", "SHA1" or NULL for Ed25519. */
char *signer_sign(EVP_PKEY *key, const char *hash, GBytes *content);
