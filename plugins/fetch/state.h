/* What tells one version of a remote file from another, kept over an interruption. */
#pragma once

#include "fetch.h"

#include <stdbool.h>

#define STATE_TEXT_SIZE 256

typedef struct {
    char etag[STATE_TEXT_SIZE];     /* "" when the server gave none (or one that is too long) */
    char modified[STATE_TEXT_SIZE]; /* Last-Modified, likewise */
    int64_t total;                  /* length of the whole file, -1 when unknown */
} Identity;

/* Whether a rest fetched under `now` continues a beginning fetched under `before`. */
bool identity_matches(const Identity *before, const Identity *now);
/* Whether anything but the length is known. */
bool identity_is_known(const Identity *identity);

/* Negative errno value when it could not be saved. */
int32_t state_save(errand_job *job, const Fetch *fetch, const Identity *identity);
/* *same_boot: the machine did not restart in between, so what was written then is there now. */
bool state_load(errand_job *job, const Fetch *fetch, Identity *identity, bool *same_boot);
