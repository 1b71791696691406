/* What documents of errand's own say about a file: where it comes from ("url", or "stream" with
 * "file"), and what it must be ("sha256" or "sha512", and "size"). */
#pragma once

#include "fetch.h"

/* Fills url_pointer, or stream and stream_file. ERRAND_SUCCEEDED or refused (invalid-document). */
int32_t expect_read_source(errand_job *job, Fetch *fetch);

/* Fills hash, digest and size. ERRAND_SUCCEEDED or refused (invalid-document). */
int32_t expect_read(errand_job *job, Fetch *fetch);
