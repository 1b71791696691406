/* The part file: bytes go in, are gathered, written and hashed. */
#pragma once

#include "hasher.h"

#include <stdint.h>

typedef struct {
    int fd;
    Hasher *hasher;
    size_t gathered; /* in the hasher's current buffer, not yet written */
    int64_t offset;  /* bytes taken so far, gathered ones included */
    int64_t started; /* of which writing to disk was started */
} Sink;

/* All answer 0 or a negative errno value; one thread calls them. After an error only sink_restart()
 * and sink_close() are of use. */

/* The descriptor stays the caller's. The names of up to two checksums, or NULL: see hasher.h. */
int sink_open(Sink *self, int fd, const char *hash, const char *other);
/* Takes over a piece of what the file already has; 1 while there is more. Right after sink_open().
 */
int sink_resume_some(Sink *self);
int sink_append(Sink *self, const void *data, size_t length);
/* Writes what is gathered. Not to disk: that is the caller's fsync(). */
int sink_flush(Sink *self);
/* Empties the file. */
int sink_restart(Sink *self);
void sink_close(Sink *self);
