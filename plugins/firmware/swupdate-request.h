/* Getting SWUpdate to accept an update: it may be starting, or busy with somebody else's.
 */
#pragma once

#include "swupdate-stream.h"

typedef struct {
    struct swupdate_request request;
    int64_t wait_ms; /* for SWUpdate to be there */
    int64_t busy_ms; /* for an update from elsewhere to end */
    bool patient;    /* that one is waited for as long as it takes */
} SwupdateRequest;

/* With the job, word, dry_run and timeout_ms of `stream` set: fills in progress, control and
 * notes. ERRAND_SUCCEEDED, ERRAND_CANCELLED, or has told the reason. */
int32_t swupdate_request(SwupdateStream *stream, const SwupdateRequest *request);

/* Waits for the end of an update that may still go on, busy_ms at most; not for a SWUpdate that
 * does not answer. The directory was located and SIGPIPE is held off. */
void swupdate_settle(errand_job *job, int64_t busy_ms);
