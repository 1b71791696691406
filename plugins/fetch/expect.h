/* What a document of errand's own says the file must be: "sha256" or "sha512", and "size". */
#pragma once

#include "fetch.h"

/* Fills hash, digest and size. ERRAND_SUCCEEDED or refused (invalid-document). */
int32_t expect_read(errand_job *job, Fetch *fetch);
