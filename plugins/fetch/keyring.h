/* The keys of those whose files this gateway believes: NAME.pem in the trust directory, an X.509
 * certificate or a public key. The owner puts them there, so neither chains nor dates are looked
 * at; to stop trusting a key, remove its file. A certificate that states key usages must state
 * digitalSignature, and codeSigning where it states extended ones.
 */
#pragma once

#include "vetted.h"

#include <errand/plugin.h>
#include <openssl/evp.h>

/* Most keys that are tried for a document that names none; a name is no burden then. */
#define KEYRING_MAX       32
#define KEYRING_NAME_SIZE 65

typedef struct {
    EVP_PKEY *keys[KEYRING_MAX];
    size_t count;
} Keyring;

/* The name of a key as documents may say it: 1..64 of [A-Za-z0-9._-], no dot first. Of a path the
 * last part counts, without ".pem" or ".crt": the field's documents carry paths of other devices,
 * and nothing is ever opened by one. False when that leaves no name. */
bool keyring_name(const char *text, char name[KEYRING_NAME_SIZE]);

/* The key of that name, or with NULL every one that can be used; what cannot is logged and left
 * out. False with `fault` when there is none. Zero *self first; keyring_clear() in any case. */
bool keyring_load(Keyring *self, errand_job *job, const char *directory, const char *name,
                  char fault[VETTED_FAULT_SIZE]);
void keyring_clear(Keyring *self);
