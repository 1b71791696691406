/* What a download document asks for, and the owner's settings for it. */
#pragma once

#include "source.h"

#include <sys/types.h>

#define REQUEST_DIGEST_MAX 64 /* bytes of SHA-512 */

typedef struct {
    const char *url; /* byte for byte as in the document */
    Source source;
    const char *path;
    const char *hash; /* "SHA256", "SHA512" or NULL */
    unsigned char digest[REQUEST_DIGEST_MAX];
    size_t digest_length;
    int64_t size; /* -1: not given */
    mode_t mode;
    uid_t owner; /* (uid_t)-1: not given */
    gid_t group;
    const char *ca_file; /* NULL: the system's */
    const char *proxy;   /* "" for none */
    int64_t rate_limit;  /* bytes a second, 0 for none */
    int64_t stall_bytes; /* fewer bytes a second than this ... */
    int64_t stall_ms;    /* ... for this long is a stalled transfer */
    int64_t retry_ms;    /* pause before the first retry */
} Request;

/* ERRAND_SUCCEEDED, or the document is refused. */
int32_t request_read(errand_job *job, Request *request);
/* After errand_refresh_document(): takes the new URL, checked like the first. */
int32_t request_read_url(errand_job *job, Request *request);
