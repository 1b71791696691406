/* Operation download: one file from an HTTP server into an allowed directory, whole or not at all.
 */
#include "place.h"

#include <unistd.h>

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
tell_number(errand_job *job, const char *key, int64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)number);
    errand_detail(job, key, text);
}

static void
tell_progress(void *data, const FetchProgress *progress)
{
    errand_job *job = data;

    if (progress->have > 0) {
        tell_number(job, "bytes", progress->have);
        tell_number(job, "bytesPerSecond", progress->rate);
    }
    errand_progress(job, fetch_percent(progress), progress->step);
}

static int32_t
download_to(errand_job *job, Request *request, const Place *place)
{
    int fd;
    int32_t verdict;

    request->fetch.directory = place->directory;
    request->fetch.part = place->part;
    request->fetch.path = place->path;
    request->fetch.progress = tell_progress;
    request->fetch.data = job;
    verdict = fetch_run(job, &request->fetch, &fd);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    verdict = place_publish(job, place, request, fd);
    close(fd);
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
    verdict = download_to(job, &request, &place);
    place_close(&place);
    return verdict;
}

static const errand_operation operations[] = {
    {"download", "Fetches a file by HTTPS", ERRAND_OP_RESUMABLE, 0, download_check, download_run},
};

ERRAND_PLUGIN("download", ERRAND_VERSION, operations);
