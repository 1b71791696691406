/* Operation download: one file from an HTTP server into an allowed directory, whole or not at all.
 */
#include "attempt.h"
#include "space.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Tries in a row that bring not one byte more than was had before. */
#define TRIES_MAX    8
/* Longest pause between two tries. */
#define PAUSE_MAX_MS (60 * 1000)

/* What the tries so far have come to. */
typedef struct {
    Attempt attempt;
    int64_t best;       /* most bytes ever had */
    int tries;          /* in a row, without progress */
    bool refreshed;     /* the document was fetched again since the last progress */
    bool started_again; /* from the first byte, because the checksum was wrong */
} Download;

static int32_t
download_check(errand_job *job)
{
    Request request;
    Place place;
    int32_t verdict = request_read(job, &request);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = place_open(job, &request, false, &place);
    if (verdict == ERRAND_SUCCEEDED)
        place_close(&place);
    return verdict;
}

static void
note_progress(Download *self)
{
    if (self->attempt.sink.offset <= self->best)
        return;
    self->best = self->attempt.sink.offset;
    self->tries = 0;
    self->refreshed = false;
}

/* Waits before the next try, longer each time; a quarter of it is chance, so that a fleet does not
 * come back as one. False when cancelled. */
static bool
pause_before_retry(Download *self)
{
    errand_job *job = self->attempt.job;
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};
    int64_t pause = self->attempt.request->retry_ms, end;
    unsigned seed = (unsigned)attempt_now_ms();

    for (int i = 0; i < self->tries && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    pause = pause - pause / 8 + (pause / 4) * (rand_r(&seed) % 1000) / 1000;
    if (pause < self->attempt.retry_after_ms)
        pause = self->attempt.retry_after_ms;
    for (end = attempt_now_ms() + pause; !errand_cancelled(job);) {
        int64_t left = end - attempt_now_ms();

        if (left <= 0)
            return true;
        errand_progress(job, -1, "waiting");
        poll(&cancel, 1, (int)(left < 10000 ? left : 10000));
    }
    return false;
}

/* True: try again. */
static bool
retry(Download *self)
{
    Attempt *attempt = &self->attempt;
    char text[sizeof attempt->fault + SOURCE_NAME_SIZE + 64];

    if (++self->tries >= TRIES_MAX) {
        attempt->verdict = errand_fail(attempt->job, "download-failed",
                                       "%s: gave up after %d tries without progress: %s",
                                       attempt->request->source.name, self->tries, attempt->fault);
        return false;
    }
    snprintf(text, sizeof text, "%s: %s; trying again at byte %lld", attempt->request->source.name,
             attempt->fault, (long long)attempt->sink.offset);
    errand_log(attempt->job, ERRAND_LOG_INFO, text);
    if (pause_before_retry(self))
        return true;
    attempt->verdict = ERRAND_CANCELLED;
    return false;
}

/* A presigned URL has run out: the document is made anew with a fresh one at each delivery. */
static bool
refresh(Download *self)
{
    Attempt *attempt = &self->attempt;
    int32_t result = self->refreshed ? -EEXIST : errand_refresh_document(attempt->job);

    if (errand_cancelled(attempt->job)) {
        attempt->verdict = ERRAND_CANCELLED;
        return false;
    }
    if (result == -ETIMEDOUT) {
        snprintf(attempt->fault, sizeof attempt->fault,
                 "the URL has expired and the cloud does not answer");
        return retry(self);
    }
    if (result != 0) {
        attempt->verdict = errand_fail(
            attempt->job, "expired-url", "%s: the server answers with status 403%s",
            attempt->request->source.name,
            result == -EEXIST ? ", also with a fresh URL" : " and there is no fresh URL");
        return false;
    }
    self->refreshed = true;
    if (request_read_url(attempt->job, attempt->request) == ERRAND_SUCCEEDED)
        return true;
    attempt->verdict = ERRAND_FAILED;
    return false;
}

/* Without anything to recognise the file by, its rest cannot be told from another file's. */
static bool
prepare(Attempt *attempt)
{
    int error = 0;

    if (attempt->sink.offset > 0 && attempt->request->hash == NULL &&
        !identity_is_known(&attempt->identity))
        error = sink_restart(&attempt->sink);
    if (error != 0)
        attempt->verdict = errand_fail(attempt->job, "download-failed", "emptying %s: %s",
                                       attempt->place->part, strerror(-error));
    return error == 0;
}

/* Whether the part file is the file. True with the verdict set; false: fetch it again. */
static bool
verify(Download *self)
{
    Attempt *attempt = &self->attempt;
    const Request *request = attempt->request;

    attempt->verdict = ERRAND_SUCCEEDED;
    if (request->size >= 0 && attempt->sink.offset != request->size) {
        attempt->verdict = errand_fail(
            attempt->job, "checksum-mismatch", "%s has %lld bytes, the document says %lld",
            request->source.name, (long long)attempt->sink.offset, (long long)request->size);
        return true;
    }
    if (request->hash == NULL ||
        hasher_matches(attempt->sink.hasher, request->digest, request->digest_length))
        return true;
    if (attempt->resumed && !self->started_again && sink_restart(&attempt->sink) == 0) {
        errand_log(attempt->job, ERRAND_LOG_WARNING,
                   "the pieces do not fit the checksum: fetching the whole file once more");
        self->started_again = true;
        attempt->resumed = false;
        attempt->identity = (Identity){.total = -1};
        self->best = 0;
        return false;
    }
    attempt->verdict =
        errand_fail(attempt->job, "checksum-mismatch",
                    "%s: the %s of the %lld bytes received is not the document's",
                    request->source.name, request->hash, (long long)attempt->sink.offset);
    return true;
}

static bool
is_whole(const Attempt *attempt)
{
    return attempt->sink.offset > 0 && attempt->sink.offset == attempt->identity.total;
}

/* Until there is a verdict. */
static int32_t
fetch(Download *self)
{
    Attempt *attempt = &self->attempt;
    bool again = true;

    while (again && prepare(attempt)) {
        AttemptResult result = is_whole(attempt) ? ATTEMPT_DONE : attempt_run(attempt);

        note_progress(self);
        if (result == ATTEMPT_DONE)
            again = !verify(self);
        else if (result == ATTEMPT_AGAIN)
            again = retry(self);
        else
            again = result == ATTEMPT_EXPIRED && refresh(self);
    }
    return attempt->verdict;
}

/* Opens the part file: an earlier one when it can be trusted. After a power cut its tail may be
 * missing from the disk, so then only if a checksum will tell. */
static int32_t
open_sink(Attempt *attempt)
{
    const Request *request = attempt->request;
    bool same_boot = false, resume;
    int fd = -1, error = 0;

    attempt->identity.total = -1;
    resume = errand_start(attempt->job) != ERRAND_START_FIRST &&
             state_load(attempt->job, &attempt->identity, &same_boot) &&
             (same_boot || request->hash != NULL);
    if (resume)
        fd = place_reopen_part(attempt->place);
    resume = fd >= 0;
    if (!resume)
        fd = place_create_part(attempt->place);
    if (fd < 0)
        return errand_fail(attempt->job, fd == -EACCES ? "not-allowed" : "download-failed",
                           "creating a file beside %s: %s", attempt->place->path, strerror(-fd));
    error = sink_open(&attempt->sink, fd, request->hash);
    if (error == 0 && resume)
        error = sink_resume(&attempt->sink);
    attempt->resumed = resume && attempt->sink.offset > 0;
    if (error == 0 && attempt->identity.total >= 0 &&
        attempt->sink.offset > attempt->identity.total)
        error = sink_restart(&attempt->sink);
    if (error != 0)
        return errand_fail(attempt->job, "download-failed", "opening %s: %s", attempt->place->part,
                           strerror(-error));
    return ERRAND_SUCCEEDED;
}

static void
tell_figures(const Attempt *attempt, int64_t started_ms)
{
    int64_t taken = attempt_now_ms() - started_ms;
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)attempt->sink.offset);
    errand_detail(attempt->job, "bytes", text);
    snprintf(text, sizeof text, "%lld",
             (long long)(attempt->fetched * 1000 / (taken > 0 ? taken : 1)));
    errand_detail(attempt->job, "bytesPerSecond", text);
}

static int32_t
download_to(errand_job *job, Request *request, Place *place)
{
    Download self = {.attempt = {.job = job, .request = request, .place = place, .sink.fd = -1}};
    int64_t started = attempt_now_ms();
    int32_t verdict = ERRAND_SUCCEEDED;

    if (request->size >= 0 && errand_start(job) == ERRAND_START_FIRST)
        verdict = space_check(job, place->directory, place->path, request->size);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = open_sink(&self.attempt);
    if (verdict == ERRAND_SUCCEEDED && !attempt_open(&self.attempt))
        verdict = errand_fail(job, "internal", "starting libcurl: out of memory");
    if (verdict == ERRAND_SUCCEEDED)
        verdict = fetch(&self);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = place_publish(job, place, request, self.attempt.sink.fd);
    if (verdict == ERRAND_SUCCEEDED)
        tell_figures(&self.attempt, started);
    else
        place_remove_part(place);
    attempt_close(&self.attempt);
    if (self.attempt.sink.fd >= 0)
        sink_close(&self.attempt.sink);
    return verdict;
}

static int32_t
download_run(errand_job *job)
{
    Request request;
    Place place;
    int32_t verdict = request_read(job, &request);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = place_open(job, &request, true, &place);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    verdict = download_to(job, &request, &place);
    place_close(&place);
    return verdict;
}

static const errand_operation operations[] = {
    {"download", "Fetches a file by HTTPS", ERRAND_OP_RESUMABLE, 0, download_check, download_run},
};

ERRAND_PLUGIN("download", ERRAND_VERSION, operations);
