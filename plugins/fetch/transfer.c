#include "transfer.h"

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

int32_t
transfer_open(Transfer *self, bool resume)
{
    const Fetch *fetch = self->fetch;
    int fd = resume ? part_reopen(fetch) : -ENOENT, error;

    self->resumed = fd >= 0;
    if (fd < 0)
        fd = part_create(fetch);
    if (fd < 0)
        return errand_fail(self->job, fd == -EACCES ? "not-allowed" : "download-failed",
                           "creating a file beside %s: %s", fetch->path, strerror(-fd));
    self->fd = fd;
    error = sink_open(&self->sink, fd, fetch->hash);
    if (error == 0 && self->resumed)
        error = sink_resume(&self->sink);
    self->resumed = self->resumed && self->sink.offset > 0;
    if (error == 0)
        return ERRAND_SUCCEEDED;
    return errand_fail(self->job, "download-failed", "opening %s: %s", fetch->part,
                       strerror(-error));
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
    return errand_fail(self->job, "download-failed", "writing %s: %s", fetch->path,
                       strerror(-error));
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
