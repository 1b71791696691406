/* A signature that the document only has the URL of. */
#pragma once

#include "fetch.h"

/* Fetches it, by the rules that hold for files (hosts, http, redirects, retries, expired URLs),
 * into memory, up to 64 KiB, and gives it to fetch->signature. ERRAND_SUCCEEDED, also when nothing
 * is to be fetched, ERRAND_CANCELLED, or told why not. */
int32_t proof_fetch(errand_job *job, const Fetch *fetch);
