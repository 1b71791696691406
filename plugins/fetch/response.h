/* The headers of an HTTP answer that matter for a file. */
#pragma once

#include "identity.h"

#include <stddef.h>

typedef struct {
    int status;
    bool complete;     /* all headers of the final answer are in */
    bool bad_length;   /* a Content-Length that is no number */
    bool has_range;    /* Content-Range with start and total */
    int64_t start;     /* of the part sent */
    Identity identity; /* total: of the whole file, -1 when unknown */
} Response;

/* One header line as libcurl hands it over, line end included; a new status line starts anew. */
void response_line(Response *self, const char *line, size_t length);
