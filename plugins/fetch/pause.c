#include "pause.h"

#include <poll.h>
#include <stdlib.h>

/* Longest pause between two tries. */
#define PAUSE_MAX_MS (60 * 1000)
#define TELL_MS      10000

bool
pause_for(Transfer *transfer, int64_t ms, const char *step, int64_t total)
{
    struct pollfd cancel = {errand_cancel_fd(transfer->job), POLLIN, 0};
    int64_t end = transfer_now_ms() + ms;

    while (!errand_cancelled(transfer->job)) {
        int64_t left = end - transfer_now_ms();

        if (left <= 0)
            return true;
        transfer_report_now(transfer, step, total);
        poll(&cancel, 1, (int)(left < TELL_MS ? left : TELL_MS));
    }
    return false;
}

int64_t
pause_length(int64_t retry_ms, int tries)
{
    int64_t pause = retry_ms;

    for (int i = 0; i < tries && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

bool
pause_before_retry(Transfer *transfer, int tries, int64_t at_least_ms, int64_t total)
{
    int64_t pause = pause_length(transfer->settings.retry_ms, tries);
    unsigned seed = (unsigned)transfer_now_ms();

    pause = pause - pause / 8 + (pause / 4) * (rand_r(&seed) % 1000) / 1000;
    return pause_for(transfer, pause > at_least_ms ? pause : at_least_ms, "waiting", total);
}
