/* What a download document asks for. */
#pragma once

#include "fetch.h"

#include <limits.h>
#include <sys/types.h>

typedef struct {
    Fetch fetch;     /* all but where to; owns the signature */
    const char *url; /* byte for byte as in the document; NULL with a stream */
    const char *path;
    mode_t mode;
    uid_t owner; /* (uid_t)-1: not given */
    gid_t group;
} Request;

/* ERRAND_SUCCEEDED, then request_clear() it; or the document is refused. */
int32_t request_read(errand_job *job, Request *request);
void request_clear(Request *request);
