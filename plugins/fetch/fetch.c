#include "fetch.h"

#include "http.h"
#include "part.h"
#include "proof.h"
#include "stream.h"
#include "transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

int
fetch_percent(const FetchProgress *progress)
{
    if (progress->total <= 0 || progress->have > progress->total)
        return -1;
    return (int)((double)progress->have * 100.0 / (double)progress->total);
}

/* The URL it comes from, and whether it can be of this file at all. */
static int32_t
check_signature(errand_job *job, const Fetch *fetch)
{
    const char *pointer, *url;
    Source source;
    int64_t size;

    if (fetch->signature == NULL)
        return ERRAND_SUCCEEDED;
    pointer = signature_url_pointer(fetch->signature);
    if (pointer != NULL)
        return source_read(job, fetch->plugin, pointer, &url, &source);
    size = signature_size(fetch->signature);
    if (size < 0 || fetch->size < 0 || size == fetch->size)
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "bad-signature",
                         "the signature is of a file of %lld bytes, the document says %lld",
                         (long long)size, (long long)fetch->size);
}

int32_t
fetch_check(errand_job *job, const Fetch *fetch)
{
    Settings settings;
    int32_t verdict = settings_read(job, fetch->plugin, &settings);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_signature(job, fetch);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (fetch->stream != NULL)
        return stream_check(job, fetch);
    return http_check(job, fetch);
}

/* The source fills the part file. */
static int32_t
fill(Transfer *transfer)
{
    int32_t verdict =
        transfer->fetch->stream != NULL ? stream_fetch(transfer) : http_fetch(transfer);

    if (verdict == ERRAND_SUCCEEDED && fsync(transfer->fd) != 0)
        verdict = transfer_write_failed(transfer, -errno, -1);
    if (verdict == ERRAND_SUCCEEDED)
        transfer_report_now(transfer, "downloading", transfer->sink.offset);
    return verdict;
}

/* All that can be known before the first byte. */
static int32_t
prepare(errand_job *job, Fetch *fetch)
{
    int32_t verdict = fetch_check(job, fetch);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = proof_fetch(job, fetch);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_signature(job, fetch);
    if (verdict == ERRAND_SUCCEEDED && fetch->size < 0 && fetch->signature != NULL)
        fetch->size = signature_size(fetch->signature);
    return verdict;
}

int32_t
fetch_run(errand_job *job, const Fetch *fetch, int *fd)
{
    Fetch known = *fetch;
    Transfer transfer = {.job = job, .fetch = &known, .fd = -1};
    int32_t verdict = prepare(job, &known);

    *fd = -1;
    if (verdict == ERRAND_SUCCEEDED)
        verdict = settings_read(job, fetch->plugin, &transfer.settings);
    if (verdict == ERRAND_SUCCEEDED) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        transfer.started_ms = transfer_now_ms();
        verdict = fill(&transfer);
        transfer_close(&transfer);
    }
    if (verdict == ERRAND_SUCCEEDED) {
        *fd = transfer.fd;
        return verdict;
    }
    part_remove(fetch);
    if (transfer.fd >= 0)
        close(transfer.fd);
    return verdict;
}
