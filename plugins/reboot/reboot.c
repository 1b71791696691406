/* Operations reboot and shutdown. */
#include "power.h"

#include "boottime.h"
#include "document.h"

#include <poll.h>

/* How often the cloud's step timer is pushed out while waiting. */
#define HEARTBEAT_MS (10 * 1000)

int32_t
power_check(errand_job *job)
{
    static const char *const keys[] = {"operation", "delay", "message", "timeout", "user", NULL};
    int64_t delay = 0, timeout = POWER_TIMEOUT_S;
    const char *message;
    int32_t verdict = document_check_keys(job, keys);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_seconds(job, "delay", 0, &delay);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_seconds(job, "timeout", 1, &timeout);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = document_string(job, "message", &message);
    if (verdict == ERRAND_SUCCEEDED && delay >= timeout)
        return errand_reject(job, "invalid-document",
                             "\"delay\" must be shorter than \"timeout\", which is %d s (%d when "
                             "absent)",
                             (int)timeout, POWER_TIMEOUT_S);
    return verdict;
}

int32_t
power_wait(errand_job *job, int64_t seconds)
{
    struct pollfd watched = {errand_cancel_fd(job), POLLIN, 0};
    int64_t end = boottime_ms() + seconds * 1000;

    while (!errand_cancelled(job)) {
        int64_t left = end - boottime_ms();

        if (left <= 0)
            return ERRAND_SUCCEEDED;
        errand_progress(job, -1, "waiting");
        poll(&watched, 1, left < HEARTBEAT_MS ? (int)left : HEARTBEAT_MS);
    }
    return ERRAND_CANCELLED;
}

int32_t
power_delay(errand_job *job)
{
    int64_t seconds = 0;

    errand_get_int(job, "/delay", &seconds);
    power_announce(job, seconds);
    return power_wait(job, seconds);
}

static int32_t
reboot_run(errand_job *job)
{
    int32_t verdict;

    if (errand_start(job) == ERRAND_START_REBOOTED)
        return ERRAND_SUCCEEDED;
    if (errand_start(job) == ERRAND_START_INTERRUPTED)
        return errand_fail(job, "interrupted", "stopped before the reboot was asked for");
    verdict = power_check(job);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = power_delay(job);
    return verdict == ERRAND_SUCCEEDED ? ERRAND_REBOOT : verdict;
}

static const errand_operation operations[] = {
    {"reboot", "Restarts the machine", 0, POWER_TIMEOUT_S, power_check, reboot_run},
    {"shutdown", "Powers the machine off", ERRAND_OP_RESUMABLE, POWER_TIMEOUT_S, power_check,
     power_shutdown},
};

ERRAND_PLUGIN("reboot", ERRAND_VERSION, operations);
