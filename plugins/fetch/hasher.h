/* A checksum computed beside the transfer, in a thread of its own, so that it costs no throughput.
 *
 * The buffers go round: the owner fills one, hands it over, and gets the next that is free. Memory
 * is HASHER_BUFFERS * HASHER_BUFFER_SIZE, whatever the file's size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HASHER_BUFFERS     3
#define HASHER_BUFFER_SIZE (128 * 1024)

typedef struct Hasher Hasher;

/* `name` is OpenSSL's ("SHA256"), or NULL to hash nothing. NULL when memory or a thread cannot be
 * had, or the name is unknown. */
Hasher *hasher_new(const char *name);
void hasher_free(Hasher *self);

/* The buffer to fill; the same until it is handed over. */
unsigned char *hasher_buffer(Hasher *self);
/* Hands its first `length` bytes over; waits for a free one if all are in use. */
void hasher_submit(Hasher *self, size_t length);
/* Forgets everything handed over so far. */
void hasher_restart(Hasher *self);
/* Whether the checksum of everything handed over is the one expected. */
bool hasher_matches(Hasher *self, const unsigned char *digest, size_t length);
