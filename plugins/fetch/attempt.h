/* One try to fetch the rest of a file: a request, its redirects, its answer.
 *
 * libcurl's multi interface is driven here so that a cancel is seen at once, in whatever phase.
 */
#pragma once

#include "response.h"
#include "transfer.h"

#include <curl/curl.h>

typedef enum {
    ATTEMPT_DONE,       /* the answer came to its end */
    ATTEMPT_AGAIN,      /* a transient fault, named in `fault` */
    ATTEMPT_EXPIRED,    /* status 403 */
    ATTEMPT_REDIRECTED, /* inside attempt.c only */
    ATTEMPT_ENDED,      /* the step is over: `verdict`, already told to the host */
} AttemptResult;

typedef struct {
    Transfer *transfer;
    const char *url;        /* byte for byte as in the document */
    bool secure;            /* it is https */
    Identity identity;      /* of the file that the sink has a beginning of */
    char fault[256];        /* what a transient fault was */
    int64_t retry_after_ms; /* what the server asked for, else 0 */
    int32_t verdict;

    CURL *easy;
    CURLM *multi;
    char curl_fault[CURL_ERROR_SIZE];
    Response response;
    bool taking;    /* the body is the file */
    bool judged;    /* `result` stands although libcurl only knows that a callback refused */
    size_t ignored; /* bytes of a body that is not the file */
    AttemptResult result;
    int64_t begun_ms; /* when this request began, and what `fetched` was then */
    int64_t begun_at;
} Attempt;

/* Takes the document's URL, once more after errand_refresh_document(). ERRAND_SUCCEEDED or refused.
 */
int32_t attempt_read_url(Attempt *self);

/* False when memory ran out. The other members are the caller's. */
bool attempt_open(Attempt *self);
void attempt_close(Attempt *self);

/* Asks for what the sink does not have yet, and follows redirects. Blocks until the answer has
 * ended, or a cancel, or the budget is spent; self->verdict counts with ATTEMPT_ENDED only. */
AttemptResult attempt_run(Attempt *self);
