#include "proof.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* AWS Signer's object for a file is less than 2 K, if the file is not in it. */
#define PROOF_MAX (64 * 1024)

/* A signature is too short to be continued, and the state that is kept is the file's. */
static int
save_nothing(void *data, const void *state, size_t length)
{
    return 0;
}

static const void *
load_nothing(void *data, size_t *length)
{
    *length = 0;
    return NULL;
}

static void
keep_alive(void *data, const FetchProgress *progress)
{
    errand_job *job = data;

    errand_progress(job, -1, progress->step);
}

static int32_t
take(errand_job *job, Signature *signature, int fd)
{
    char text[PROOF_MAX];
    ssize_t length = pread(fd, text, sizeof text, 0);

    if (length < 0)
        return errand_fail(job, "internal", "reading the signature back: %s", strerror(errno));
    return signature_take(job, signature, text, (size_t)length);
}

int32_t
proof_fetch(errand_job *job, const Fetch *fetch)
{
    Fetch small = {.plugin = fetch->plugin,
                   .size = -1,
                   .limit = PROOF_MAX,
                   .directory = -1,
                   .path = "the signature",
                   .save = save_nothing,
                   .load = load_nothing,
                   .data = job,
                   .progress = keep_alive};
    int32_t verdict;
    int fd;

    if (fetch->signature != NULL)
        small.url_pointer = signature_url_pointer(fetch->signature);
    if (small.url_pointer == NULL)
        return ERRAND_SUCCEEDED;
    verdict = fetch_run(job, &small, &fd);
    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    verdict = take(job, fetch->signature, fd);
    close(fd);
    return verdict;
}
