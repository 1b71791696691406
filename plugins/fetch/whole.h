/* Ed25519 over a whole file.
 *
 * It is signed without a digest in between, so the file is read once more: mapped, in a thread of
 * its own, while this one keeps the heartbeat, looks for a cancel, and gives the pages that were
 * read back, so that memory does not grow with the file. Address space does: on a 32-bit machine a
 * file of 2 GiB cannot be checked.
 */
#pragma once

#include <errand/plugin.h>
#include <openssl/evp.h>
#include <stdbool.h>

#define WHOLE_SIGNATURE_LENGTH 64

/* Whether the key signed the file's bytes. ERRAND_SUCCEEDED with *good set, ERRAND_CANCELLED, or
 * FAILED bad-signature when it cannot be found out, and told. Nobody may cut the file meanwhile:
 * that ends the process. */
int32_t whole_verify(errand_job *job, int fd, EVP_PKEY *key,
                     const unsigned char signature[WHOLE_SIGNATURE_LENGTH], bool *good);
