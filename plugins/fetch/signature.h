/* Whether a file is what its signer signed.
 *
 * What a document may carry: an object ("signature", "signatureAlgorithm", "rawPayloadSize"; what
 * AWS Signer puts out), or the https URL of such an object; or, in afr_ota documents, a member
 * "sig-sha256-ecdsa" (sig-HASH-ALGORITHM) of the file. The signature covers the bytes of the file
 * and nothing else: RSA with PKCS #1 v1.5 padding, ECDSA as DER, both over the digest that was
 * computed while the file came in; Ed25519 over the file itself, which is read once more for it.
 *
 * The signer's certificate or public key is never in the document: it is NAME.pem in the trust
 * directory, NAME being all that a document may say. Without a name every key there may have made
 * the signature: what the owner put there is trusted, and which of them signed changes nothing
 * about that. A certificate that states key usages must state digitalSignature, and codeSigning
 * where it states extended ones. Its dates are not looked at: a gateway may not know the day.
 *
 * SHA-1 is refused unless the owner's setting `allow-sha1` is true. Every refusal is reason
 * `bad-signature`, REJECTED as long as no byte of the file was asked for; nothing of a refused file
 * stays. Settings, in the group of the plugin: trust-directory, require-signature, allow-sha1.
 *
 * What is checked is what is used: the bytes that were hashed went through the descriptor that
 * fetch_run() hands out, into a file that this process created, mode 0600, under its own account;
 * nobody else ever had a chance to open it for writing. See place.h for how it gets its name.
 */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Signature Signature;

/* Reads the signature at `pointer` of the document, and the name of the signer at `signer`:
 * "/codesign" and "/signer", or "/afr_ota/files/0" (whose one member sig-... counts) and
 * "/afr_ota/files/0/certfile". *signature is NULL when there is none and none is required. The key
 * is found and checked here, so that a document nobody could verify is refused before the first
 * byte. Ownership: signature_free(), before check() or run() returns. ERRAND_SUCCEEDED or refused.
 */
int32_t signature_read(errand_job *job, const char *plugin, const char *pointer, const char *signer,
                       Signature **signature);
/* NULL is fine. */
void signature_free(Signature *self);

/* The digest to compute while the file comes in: "SHA256", "SHA1", or NULL when none is of use. */
const char *signature_hash(const Signature *self);
/* The size the signer signed, in bytes; -1 when it is not told. */
int64_t signature_size(const Signature *self);
/* JSON Pointer of the URL that the signature itself must be fetched from (fetch_run() does), or
 * NULL when it was in the document or has been taken. */
const char *signature_url_pointer(const Signature *self);
/* Takes what was fetched from there, as it came. ERRAND_SUCCEEDED or refused. */
int32_t signature_take(errand_job *job, Signature *self, const char *text, size_t length);
/* fd: the whole file; digest: of signature_hash(). ERRAND_SUCCEEDED, ERRAND_CANCELLED or FAILED. */
int32_t signature_verify(errand_job *job, const Signature *self, int fd,
                         const unsigned char *digest, size_t length);
