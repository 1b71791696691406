/* A file from an HTTP(S) server: try after try, until it is there or there is no more use. */
#pragma once

#include "transfer.h"

/* URL, scheme and host; opens nothing. */
int32_t http_check(errand_job *job, const Fetch *fetch);
/* ERRAND_SUCCEEDED with the verified file in the sink, or why not, told. */
int32_t http_fetch(Transfer *transfer);
