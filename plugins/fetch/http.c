#include "http.h"

#include "attempt.h"
#include "fault.h"
#include "pause.h"
#include "space.h"
#include "state.h"

#include <errno.h>
#include <string.h>

/* Each fresh URL is a request to the service for the whole job document. One was worth it when it
 * brought so many bytes, or was good for so long: half of the 60 s that the service's shortest
 * presigned URL lives. More than a few in a row that were not, or very many in all (a week of URLs
 * that live an hour, and a half more), are the server's fault and not the clock's. */
#define REFRESH_WORTH_BYTES (64 * 1024)
#define REFRESH_WORTH_MS    (30 * 1000)
#define REFRESH_POOR_MAX    3
#define REFRESH_MAX         256

/* What the tries so far have come to. */
typedef struct {
    Transfer *transfer;
    Attempt attempt;
    int64_t best;                     /* most bytes ever had */
    int tries;                        /* in a row, without progress */
    int64_t since_ms;                 /* of the last progress */
    bool refreshed;                   /* the document was fetched again since the last progress */
    int refreshes;                    /* times that it was, in all */
    int poor;                         /* of these, in a row, that were not worth it */
    int64_t refresh_best, refresh_ms; /* what `best` was the last time, and when that was */
} Http;

int32_t
http_check(errand_job *job, const Fetch *fetch)
{
    Source source;
    const char *url;

    return source_read(job, fetch->plugin, fetch->url_pointer, &url, &source);
}

static void
note_progress(Http *self)
{
    if (self->transfer->sink.offset <= self->best)
        return;
    self->best = self->transfer->sink.offset;
    self->tries = 0;
    self->since_ms = transfer_now_ms();
    self->refreshed = false;
}

static bool
is_hopeless(const Http *self)
{
    const Settings *settings = &self->transfer->settings;

    return self->tries >= settings->tries ||
           transfer_now_ms() - self->since_ms > settings->patience_ms;
}

/* True: try again. */
static bool
retry(Http *self)
{
    Attempt *attempt = &self->attempt;
    char text[sizeof attempt->fault + SOURCE_NAME_SIZE + 64];

    self->tries++;
    if (is_hopeless(self)) {
        attempt->verdict = errand_fail(
            self->transfer->job, "download-failed",
            "%s: gave up after %d tries and %lld s without progress: %s", self->transfer->name,
            self->tries, (long long)(transfer_now_ms() - self->since_ms) / 1000, attempt->fault);
        return false;
    }
    state_save(self->transfer, &attempt->identity);
    snprintf(text, sizeof text, "%s: %s; trying again at byte %lld", self->transfer->name,
             attempt->fault, (long long)self->transfer->sink.offset);
    errand_log(self->transfer->job, ERRAND_LOG_INFO, text);
    if (pause_before_retry(self->transfer, self->tries, attempt->retry_after_ms,
                           attempt->identity.total))
        return true;
    attempt->verdict = ERRAND_CANCELLED;
    return false;
}

/* Why there is no use in asking for a fresh URL; NULL while there is. */
static const char *
refresh_is_useless(Http *self)
{
    bool poor = self->best - self->refresh_best < REFRESH_WORTH_BYTES &&
                transfer_now_ms() - self->refresh_ms < REFRESH_WORTH_MS;

    if (self->refreshed)
        return ", also with a fresh URL";
    self->poor = self->refreshes > 0 && poor ? self->poor + 1 : 0;
    if (self->poor >= REFRESH_POOR_MAX || self->refreshes >= REFRESH_MAX)
        return " again and again, and fresh URLs bring hardly more";
    return NULL;
}

static void
note_refresh(Http *self)
{
    self->refreshed = true;
    self->refreshes++;
    self->refresh_best = self->best;
    self->refresh_ms = transfer_now_ms();
}

/* A presigned URL has run out: the document is made anew with a fresh one at each delivery. */
static bool
refresh(Http *self)
{
    Attempt *attempt = &self->attempt;
    const char *useless = refresh_is_useless(self);
    int32_t result = useless != NULL ? -EEXIST : errand_refresh_document(self->transfer->job);

    if (errand_cancelled(self->transfer->job)) {
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
            self->transfer->job, "expired-url", "%s: the server answers with status 403%s",
            self->transfer->name, useless != NULL ? useless : " and there is no fresh URL");
        return false;
    }
    note_refresh(self);
    if (attempt_read_url(attempt) == ERRAND_SUCCEEDED)
        return true;
    attempt->verdict = ERRAND_FAILED;
    return false;
}

/* Without anything to recognise the file by, its rest cannot be told from another file's. */
static bool
prepare(Http *self)
{
    int error = 0;

    if (self->transfer->sink.offset > 0 && !transfer_has_proof(self->transfer) &&
        !identity_is_known(&self->attempt.identity))
        error = sink_restart(&self->transfer->sink);
    if (error != 0)
        self->attempt.verdict = fault_fail(self->transfer->job, self->transfer->fetch->path,
                                           "emptying the part file", -error);
    return error == 0;
}

static bool
is_whole(const Http *self)
{
    int64_t have = self->transfer->sink.offset;

    return have > 0 && have == self->attempt.identity.total;
}

/* The file is there to its last byte. False with the verdict. */
static bool
verify(Http *self)
{
    bool again;

    self->attempt.verdict = transfer_verify(self->transfer, &again);
    if (again) {
        self->attempt.identity = (Identity){.total = -1};
        self->best = 0;
    }
    return again;
}

/* Until there is a verdict. */
static int32_t
run_attempts(Http *self)
{
    Attempt *attempt = &self->attempt;
    bool again = true;

    while (again && prepare(self)) {
        AttemptResult result = is_whole(self) ? ATTEMPT_DONE : attempt_run(attempt);

        note_progress(self);
        if (result == ATTEMPT_DONE)
            again = verify(self);
        else if (result == ATTEMPT_AGAIN)
            again = retry(self);
        else
            again = result == ATTEMPT_EXPIRED && refresh(self);
    }
    return attempt->verdict;
}

/* An earlier part file is of use when it can be trusted. After a power cut its tail may be missing
 * from the disk, so then only if a checksum will tell. */
static int32_t
open_part(Http *self)
{
    Transfer *transfer = self->transfer;
    Identity *identity = &self->attempt.identity;
    bool same_boot = false, resume;
    int32_t verdict;
    int error = 0;

    identity->total = -1;
    resume = errand_start(transfer->job) != ERRAND_START_FIRST &&
             state_load(transfer, identity, &same_boot) &&
             (same_boot || transfer_has_proof(transfer));
    verdict = transfer_open(transfer, resume);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (identity->total >= 0 && transfer->sink.offset > identity->total)
        error = sink_restart(&transfer->sink);
    if (error != 0)
        return fault_fail(transfer->job, transfer->fetch->path, "emptying the part file", -error);
    return verdict;
}

int32_t
http_fetch(Transfer *transfer)
{
    Http self = {
        .transfer = transfer, .attempt = {.transfer = transfer}, .since_ms = transfer_now_ms()};
    const Fetch *fetch = transfer->fetch;
    int32_t verdict = attempt_read_url(&self.attempt);

    if (verdict == ERRAND_SUCCEEDED && fetch->size >= 0 &&
        errand_start(transfer->job) == ERRAND_START_FIRST)
        verdict = space_check(transfer->job, fetch->directory, fetch->path, fetch->size);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = open_part(&self);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (attempt_open(&self.attempt))
        verdict = run_attempts(&self);
    else
        verdict = errand_fail(transfer->job, "internal", "starting libcurl: out of memory");
    attempt_close(&self.attempt);
    return verdict;
}
