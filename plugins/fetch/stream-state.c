#include "stream-state.h"

#include <string.h>

/* Written by one run and read by the next on the same machine; the version is for upgrades. As many
 * bytes of the bitmap follow as the file needs. */
typedef struct {
    int32_t version;
    int32_t file;
    char stream[132];
    int32_t stream_version;
    uint32_t block_size;
    uint32_t reserved;
    int64_t size;
    int64_t received; /* bytes, by all runs so far */
    int64_t spent_ms;
} Saved;

#define SAVED_VERSION 1001 /* none of those that a transfer by HTTP saves */

_Static_assert(sizeof(Saved) + STREAM_STATE_BITMAP_MAX <= ERRAND_STATE_MAX, "it can be saved");

static size_t
bitmap_length(uint32_t blocks)
{
    return (blocks + 7) / 8;
}

void
stream_state_begin(StreamState *self, int32_t version, int64_t size, uint32_t block_size)
{
    uint32_t blocks = (uint32_t)((size + block_size - 1) / block_size);

    memset(self, 0, sizeof *self);
    self->stream_version = version;
    self->size = size;
    self->block_size = block_size;
    self->blocks = self->left = blocks;
    memset(self->missing, 0xff, blocks / 8);
    if (blocks % 8 != 0)
        self->missing[blocks / 8] = (uint8_t)((1u << blocks % 8) - 1);
}

bool
stream_state_is_missing(const StreamState *self, uint32_t index)
{
    return index < self->blocks && (self->missing[index / 8] >> index % 8 & 1) != 0;
}

void
stream_state_take(StreamState *self, uint32_t index)
{
    if (!stream_state_is_missing(self, index))
        return;
    self->missing[index / 8] &= (uint8_t) ~(1u << index % 8);
    self->left--;
}

int64_t
stream_state_have(const StreamState *self)
{
    int64_t have = (int64_t)(self->blocks - self->left) * self->block_size;
    int64_t last = self->size % self->block_size;

    if (self->blocks > 0 && last > 0 && !stream_state_is_missing(self, self->blocks - 1))
        have -= self->block_size - last;
    return have;
}

int32_t
stream_state_save(const Transfer *transfer, const StreamState *self)
{
    const Fetch *fetch = transfer->fetch;
    unsigned char data[sizeof(Saved) + STREAM_STATE_BITMAP_MAX];
    size_t length = sizeof(Saved) + bitmap_length(self->blocks);
    Saved saved;

    memset(&saved, 0, sizeof saved);
    saved.version = SAVED_VERSION;
    saved.file = fetch->stream_file;
    snprintf(saved.stream, sizeof saved.stream, "%s", fetch->stream);
    saved.stream_version = self->stream_version;
    saved.block_size = self->block_size;
    saved.size = self->size;
    saved.received = transfer_received(transfer);
    saved.spent_ms = transfer_spent_ms(transfer);
    memcpy(data, &saved, sizeof saved);
    memcpy(data + sizeof saved, self->missing, bitmap_length(self->blocks));
    if (fetch->save != NULL)
        return fetch->save(fetch->data, data, length);
    return errand_save_state(transfer->job, data, length);
}

/* Bits that are no block's do not count. */
static void
read_bitmap(StreamState *self, const uint8_t *bitmap)
{
    for (uint32_t i = 0; i < self->blocks; i++)
        if ((bitmap[i / 8] >> i % 8 & 1) == 0)
            stream_state_take(self, i);
}

static bool
is_usable(const Saved *saved, const Fetch *fetch)
{
    return saved->version == SAVED_VERSION && saved->file == fetch->stream_file &&
           strcmp(saved->stream, fetch->stream) == 0 &&
           saved->block_size >= ERRAND_STREAM_BLOCK_MIN &&
           saved->block_size <= ERRAND_STREAM_BLOCK_MAX && saved->size >= 0 &&
           saved->size <= (int64_t)STREAM_STATE_BLOCKS_MAX * saved->block_size &&
           saved->received >= 0 && saved->spent_ms >= 0;
}

bool
stream_state_load(Transfer *transfer, StreamState *self)
{
    const Fetch *fetch = transfer->fetch;
    size_t length = 0;
    const unsigned char *data = fetch->load != NULL ? fetch->load(fetch->data, &length)
                                                    : errand_load_state(transfer->job, &length);
    Saved saved;

    if (data == NULL || length < sizeof saved)
        return false;
    memcpy(&saved, data, sizeof saved);
    saved.stream[sizeof saved.stream - 1] = '\0';
    if (!is_usable(&saved, fetch))
        return false;
    stream_state_begin(self, saved.stream_version, saved.size, saved.block_size);
    if (length != sizeof saved + bitmap_length(self->blocks))
        return false;
    read_bitmap(self, data + sizeof saved);
    transfer->received_before = saved.received;
    transfer->spent_before_ms = saved.spent_ms;
    return true;
}
