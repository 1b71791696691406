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

/* Reads what there is once, for the checksum. */
static int32_t
reread(Transfer *self)
{
    int result;

    while ((result = sink_resume_some(&self->sink)) > 0) {
        if (errand_cancelled(self->job))
            return ERRAND_CANCELLED;
        transfer_report(self, "checking", -1);
    }
    if (result < 0)
        return fault_fail(self->job, self->fetch->path, "reading the part file", -result);
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
    int error;

    self->fd = resume ? part_reopen(fetch) : -ENOENT;
    if (self->fd == -EACCES)
        return fault_fail(self->job, fetch->path, "opening the part file", EACCES);
    resume = self->fd >= 0;
    if (!resume)
        self->fd = part_create(self->job, fetch);
    if (self->fd < 0)
        return fault_fail(self->job, fetch->path, "creating a file beside it", -self->fd);
    error = sink_open(&self->sink, self->fd, fetch->hash);
    if (error != 0)
        return errand_fail(self->job, "internal", "%s: starting the checksum: %s", fetch->path,
                           strerror(-error));
    return resume ? reread(self) : ERRAND_SUCCEEDED;
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

int32_t
transfer_verify(Transfer *self, bool *again)
{
    const Fetch *fetch = self->fetch;

    *again = false;
    if (fetch->size >= 0 && self->sink.offset != fetch->size)
        return errand_fail(self->job, "checksum-mismatch",
                           "%s has %lld bytes, the document says %lld", self->name,
                           (long long)self->sink.offset, (long long)fetch->size);
    if (fetch->hash == NULL ||
        hasher_matches(self->sink.hasher, fetch->digest, fetch->digest_length))
        return ERRAND_SUCCEEDED;
    if (self->resumed && !self->restarted && sink_restart(&self->sink) == 0) {
        errand_log(self->job, ERRAND_LOG_WARNING,
                   "the pieces do not fit the checksum: fetching the whole file once more");
        self->restarted = *again = true;
        self->resumed = false;
        return ERRAND_SUCCEEDED;
    }
    return errand_fail(self->job, "checksum-mismatch",
                       "%s: the %s of the %lld bytes received is not the document's", self->name,
                       fetch->hash, (long long)self->sink.offset);
}
