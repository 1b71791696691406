#include "transfer.h"

#include "fault.h"
#include "part.h"
#include "space.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often progress is told; errand decides how often the cloud hears of it. */
#define REPORT_MS 500

int64_t
transfer_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
transfer_received(const Transfer *self)
{
    return self->received_before + self->fetched;
}

int64_t
transfer_spent_ms(const Transfer *self)
{
    return self->spent_before_ms + transfer_now_ms() - self->started_ms;
}

static int32_t
open_sink(Transfer *self)
{
    const Fetch *fetch = self->fetch;
    int error = sink_open(&self->sink, self->fd, fetch->hash,
                          fetch->signature != NULL ? signature_hash(fetch->signature) : NULL);

    if (error == 0)
        return ERRAND_SUCCEEDED;
    return errand_fail(self->job, "internal", "%s: starting the checksum: %s", fetch->path,
                       strerror(-error));
}

int32_t
transfer_reread(Transfer *self)
{
    int32_t verdict = open_sink(self);
    int result;

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    while ((result = sink_resume_some(&self->sink)) > 0) {
        if (errand_cancelled(self->job))
            return ERRAND_CANCELLED;
        transfer_report(self, "checking", -1);
    }
    if (result < 0)
        return fault_fail(self->job, self->fetch->path, "reading the part file", -result);
    return ERRAND_SUCCEEDED;
}

static int32_t
resume_part(Transfer *self)
{
    int32_t verdict = transfer_reread(self);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    /* Bytes that an earlier run wrote after it last told of itself. */
    if (self->sink.offset > self->had_before)
        self->received_before += self->sink.offset - self->had_before;
    self->resumed = self->sink.offset > 0;
    return ERRAND_SUCCEEDED;
}

int32_t
transfer_open(Transfer *self, bool resume)
{
    const Fetch *fetch = self->fetch;

    self->fd = resume ? part_reopen(fetch) : -ENOENT;
    if (self->fd == -EACCES)
        return fault_fail(self->job, fetch->path, "opening the part file", EACCES);
    resume = self->fd >= 0;
    if (!resume)
        self->fd = part_create(self->job, fetch);
    if (self->fd < 0)
        return fault_fail(self->job, fetch->path, "creating a file beside it", -self->fd);
    return resume ? resume_part(self) : open_sink(self);
}

void
transfer_close(Transfer *self)
{
    sink_close(&self->sink);
}

void
transfer_report_now(Transfer *self, const char *step, int64_t total)
{
    int64_t taken = transfer_now_ms() - self->started_ms;
    FetchProgress progress = {.step = step,
                              .have = self->sink.offset,
                              .total = total,
                              .rate = self->fetched * 1000 / (taken > 0 ? taken : 1)};

    self->reported_ms = transfer_now_ms();
    if (self->fetch->progress != NULL)
        self->fetch->progress(self->fetch->data, &progress);
    else
        errand_progress(self->job, fetch_percent(&progress), step);
}

void
transfer_report(Transfer *self, const char *step, int64_t total)
{
    if (transfer_now_ms() - self->reported_ms >= REPORT_MS)
        transfer_report_now(self, step, total);
}

int32_t
transfer_write_failed(Transfer *self, int error, int64_t total)
{
    const Fetch *fetch = self->fetch;
    int64_t whole = total >= 0 ? total : fetch->size;

    if (error == -ENOSPC || error == -EDQUOT)
        return space_fail(self->job, fetch->directory, fetch->path,
                          whole >= 0 ? whole - self->sink.offset : -1);
    return fault_fail(self->job, fetch->path, "writing", -error);
}

bool
transfer_has_proof(const Transfer *self)
{
    return self->fetch->hash != NULL || self->fetch->signature != NULL;
}

int32_t
transfer_wrong_size(Transfer *self, int64_t found, const char *more)
{
    const Fetch *fetch = self->fetch;
    bool is_signed = fetch->signature != NULL && signature_size(fetch->signature) == fetch->size;

    return errand_fail(self->job, is_signed ? "bad-signature" : "checksum-mismatch",
                       "%s has %lld bytes%s, the %s says %lld", self->name, (long long)found, more,
                       is_signed ? "signature" : "document", (long long)fetch->size);
}

static int32_t
verify_signature(Transfer *self)
{
    const char *hash = signature_hash(self->fetch->signature);
    unsigned char digest[HASHER_DIGEST_MAX];
    size_t length = hash != NULL ? hasher_digest(self->sink.hasher, hash, digest) : 0;

    return signature_verify(self->job, self->fetch->signature, self->fd, digest, length);
}

/* Empties the sink for one more try, if the pieces of several may be to blame. */
static bool
start_again(Transfer *self)
{
    if (!self->resumed || self->restarted || sink_restart(&self->sink) != 0)
        return false;
    errand_log(self->job, ERRAND_LOG_WARNING,
               "the pieces are not the file: fetching the whole once more");
    self->restarted = true;
    self->resumed = false;
    return true;
}

int32_t
transfer_verify(Transfer *self, bool *again)
{
    const Fetch *fetch = self->fetch;
    int32_t verdict = ERRAND_SUCCEEDED;

    *again = false;
    if (fetch->size >= 0 && self->sink.offset != fetch->size)
        return transfer_wrong_size(self, self->sink.offset, "");
    if (fetch->hash != NULL &&
        !hasher_matches(self->sink.hasher, fetch->hash, fetch->digest, fetch->digest_length)) {
        *again = start_again(self);
        return *again ? ERRAND_SUCCEEDED
                      : errand_fail(self->job, "checksum-mismatch",
                                    "%s: the %s of the %lld bytes received is not the document's",
                                    self->name, fetch->hash, (long long)self->sink.offset);
    }
    if (fetch->signature != NULL)
        verdict = verify_signature(self);
    *again = verdict == ERRAND_FAILED && start_again(self);
    return *again ? ERRAND_SUCCEEDED : verdict;
}
