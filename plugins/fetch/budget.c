#include "budget.h"

/* Added to the limit of traffic, so that a few failures do not end the transfer of a small file. */
#define TRAFFIC_FLOOR (1024 * 1024)

static void
note_length(Transfer *transfer, int64_t length)
{
    if (length > transfer->length)
        transfer->length = length;
}

/* Of a file whose length nobody tells, the most that was ever there counts as its length. */
static bool
is_too_much(Transfer *transfer, int64_t total)
{
    int64_t limit;

    note_length(transfer, total);
    note_length(transfer, transfer->fetch->size);
    note_length(transfer, transfer->sink.offset);
    if (__builtin_mul_overflow(transfer->length, transfer->settings.traffic_limit, &limit) ||
        __builtin_add_overflow(limit, TRAFFIC_FLOOR, &limit))
        return false;
    return transfer_received(transfer) > limit;
}

int32_t
budget_check(Transfer *transfer, int64_t total)
{
    const Settings *settings = &transfer->settings;

    if (settings->time_limit_ms > 0 && transfer_spent_ms(transfer) > settings->time_limit_ms)
        return errand_fail(transfer->job, "download-failed",
                           "%s: %lld bytes after %lld s, gave up (errand.conf: [plugin %s] "
                           "time-limit)",
                           transfer->name, (long long)transfer->sink.offset,
                           (long long)transfer_spent_ms(transfer) / 1000, transfer->fetch->plugin);
    if (is_too_much(transfer, total))
        return errand_fail(transfer->job, "download-failed",
                           "%s: received %lld bytes and still not the whole file, gave up "
                           "(errand.conf: [plugin %s] traffic-limit)",
                           transfer->name, (long long)transfer_received(transfer),
                           transfer->fetch->plugin);
    return ERRAND_SUCCEEDED;
}
