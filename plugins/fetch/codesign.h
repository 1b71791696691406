/* What a document, or the object it points to, says about a signature.
 *
 * Nothing here is believed: it only says what to check. A member that is not known is passed over,
 * since AWS Signer's objects have more of them: where its payload lies, or the payload itself,
 * which does not matter when the signature is checked over the file that was fetched.
 */
#pragma once

#include "algorithm.h"

#include <errand/plugin.h>
#include <stdint.h>

/* Longest signature, in bytes: that of an RSA key of 16384 bits. */
#define CODESIGN_BYTES_MAX  2048
#define CODESIGN_FAULT_SIZE 256

typedef struct {
    const Algorithm *algorithm;
    unsigned char bytes[CODESIGN_BYTES_MAX];
    size_t length;
    int64_t size; /* of the file, in bytes; -1 when it is not told */
} Codesign;

/* All answer false with `fault`, a phrase about what is wrong. */

/* "signature", "signatureAlgorithm" and "rawPayloadSize" of the object at the place. */
bool codesign_read(Codesign *self, errand_job *job, const char *pointer,
                   char fault[CODESIGN_FAULT_SIZE]);
/* The one member "sig-HASH-ALGORITHM" of the afr_ota file at the place. */
bool codesign_read_member(Codesign *self, errand_job *job, const char *pointer,
                          char fault[CODESIGN_FAULT_SIZE]);
/* The object as JSON text, which comes from outside. */
bool codesign_parse(Codesign *self, const char *text, size_t length,
                    char fault[CODESIGN_FAULT_SIZE]);
