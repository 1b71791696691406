/* A file of an AWS IoT stream: blocks asked for until all are there, in whatever order they come.
 *
 * Which blocks are on disk is kept over an interruption (stream-state.h), so that only the others
 * are asked for again, as long as stream and file are the same.
 */
#pragma once

#include "transfer.h"

/* Names and settings; asks nobody. */
int32_t stream_check(errand_job *job, const Fetch *fetch);
/* ERRAND_SUCCEEDED with the verified file in the sink, or why not, told. */
int32_t stream_fetch(Transfer *transfer);
