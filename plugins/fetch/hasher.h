/* Checksums computed beside the transfer, in a thread of their own, so that they cost no
 * throughput: the document's, and the one that a signature was made over, from the same bytes in
 * one go.
 *
 * The buffers go round: the owner fills one, hands it over, and gets the next that is free. Memory
 * is HASHER_BUFFERS * HASHER_BUFFER_SIZE, whatever the file's size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HASHER_BUFFERS     3
#define HASHER_BUFFER_SIZE (128 * 1024)
#define HASHER_DIGEST_MAX  64 /* bytes of SHA-512 */

typedef struct Hasher Hasher;

/* The names are OpenSSL's ("SHA256"); either may be NULL, and both the same. NULL when memory or a
 * thread cannot be had, or a name is unknown. */
Hasher *hasher_new(const char *first, const char *second);
void hasher_free(Hasher *self);

/* The buffer to fill; the same until it is handed over. */
unsigned char *hasher_buffer(Hasher *self);
/* Hands its first `length` bytes over; waits for a free one if all are in use. */
void hasher_submit(Hasher *self, size_t length);
/* Forgets everything handed over so far. */
void hasher_restart(Hasher *self);
/* The checksum of that name of everything handed over; its length, 0 when there is none. */
size_t hasher_digest(Hasher *self, const char *name, unsigned char digest[HASHER_DIGEST_MAX]);
/* Whether it is the one expected. */
bool hasher_matches(Hasher *self, const char *name, const unsigned char *digest, size_t length);
