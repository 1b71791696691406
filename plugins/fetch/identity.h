/* What tells one version of a remote file from another. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IDENTITY_TEXT_SIZE 256

typedef struct {
    char etag[IDENTITY_TEXT_SIZE];     /* "" when the server gave none (or one that is too long) */
    char modified[IDENTITY_TEXT_SIZE]; /* Last-Modified, likewise */
    int64_t total;                     /* length of the whole file, -1 when unknown */
} Identity;

/* Whether a rest fetched under `now` continues a beginning fetched under `before`. Under the same
 * strong ETag the rest may leave Last-Modified out (RFC 9110 section 15.3.7: an answer to If-Range
 * should), and may be the first to tell the length. */
bool identity_matches(const Identity *before, const Identity *now);
/* An ETag that no two versions share (RFC 9110 section 8.8.1: weak ones may be shared). */
bool identity_has_strong_etag(const Identity *identity);
/* Whether more than the length tells it from another. */
bool identity_is_known(const Identity *identity);
