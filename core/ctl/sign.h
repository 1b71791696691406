/* errandctl sign: wraps a job document into a signed one (JWS, flattened JSON form), to be handed
 * to CreateJob.
 *
 * The algorithm is the key's: Ed25519 gives EdDSA, P-256 ES256, RSA of 2048 bits or more PS256. The
 * name of the key in the header (`kid`) is the key file's name without its ending: prod.key is
 * verified with trust.d/prod.pem. OpenSSL reads the key; one with a pass phrase is asked for on the
 * terminal.
 */
#pragma once

#include <glib.h>

#define SIGN_ERROR (sign_error_quark())
GQuark sign_error_quark(void);
typedef enum {
    SIGN_ERROR_KEY,      /* no usable private key */
    SIGN_ERROR_DOCUMENT, /* not a JSON object, or too large */
} SignError;

/* The signed document as JSON text, for the caller to free. document is JSON text. */
char *sign_document(const char *key_file, const char *document,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
