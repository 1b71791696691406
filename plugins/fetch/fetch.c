#include "fetch.h"

#include "http.h"
#include "part.h"
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

int32_t
fetch_check(errand_job *job, const Fetch *fetch)
{
    Settings settings;
    int32_t verdict = settings_read(job, fetch->plugin, &settings);

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

int32_t
fetch_run(errand_job *job, const Fetch *fetch, int *fd)
{
    Transfer transfer = {.job = job, .fetch = fetch, .fd = -1, .started_ms = transfer_now_ms()};
    int32_t verdict = fetch_check(job, fetch);

    *fd = -1;
    if (verdict == ERRAND_SUCCEEDED)
        verdict = settings_read(job, fetch->plugin, &transfer.settings);
    if (verdict == ERRAND_SUCCEEDED) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
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
