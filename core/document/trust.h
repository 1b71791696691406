/* Keys of those whose signed documents this gateway believes: NAME.pem in the trust directory, a
 * public key or a certificate in PEM. The owner puts them there, so neither chains nor dates are
 * looked at (a gateway may not know the date); to stop trusting a key, remove its file. A
 * certificate whose key usage does not allow digital signatures is refused.
 *
 * Reads one small file. Errors: PLAN_ERROR_BAD_SIGNATURE.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/* directory may be NULL (none configured). name comes from outside: anything but 1..64 of
 * [A-Za-z0-9_-] is refused. The caller frees the key. */
EVP_PKEY *trust_find(const char *directory, const char *name, GError **error);
