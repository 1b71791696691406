/* What a transfer from a stream keeps over an interruption: which file it is, and which of its
 * blocks are missing. */
#pragma once

#include "transfer.h"

/* Blocks of one file, at most; and the bytes of a bit for each. */
#define STREAM_STATE_BLOCKS_MAX 98304
#define STREAM_STATE_BITMAP_MAX (STREAM_STATE_BLOCKS_MAX / 8)

typedef struct {
    int32_t stream_version;
    int64_t size;
    uint32_t block_size;
    uint32_t blocks;                          /* of the file */
    uint32_t left;                            /* of them still missing */
    uint8_t missing[STREAM_STATE_BITMAP_MAX]; /* a bit for each, least significant first */
} StreamState;

/* All blocks are missing. The size must fit: at most STREAM_STATE_BLOCKS_MAX blocks. */
void stream_state_begin(StreamState *self, int32_t version, int64_t size, uint32_t block_size);
bool stream_state_is_missing(const StreamState *self, uint32_t index);
void stream_state_take(StreamState *self, uint32_t index);
/* Bytes of the blocks that are there. */
int64_t stream_state_have(const StreamState *self);

/* Negative errno value when it could not be saved. What it says is there must be on disk before. */
int32_t stream_state_save(const Transfer *transfer, const StreamState *self);
/* Also sets what the transfer spent before. False when there is nothing of use for this stream and
 * file. */
bool stream_state_load(Transfer *transfer, StreamState *self);
