/* Waiting between two tries. */
#pragma once

#include "transfer.h"

/* Waits before try number `tries` in a row without progress, longer each time, but at least so many
 * milliseconds; a quarter of it is chance, so that a fleet does not come back as one. `total` is
 * for the progress that is told meanwhile. False when cancelled. */
bool pause_before_retry(Transfer *transfer, int tries, int64_t at_least_ms, int64_t total);
/* Waits, telling `step`. False when cancelled. */
bool pause_for(Transfer *transfer, int64_t ms, const char *step, int64_t total);
/* How long that pause is on average, without what a server asks for. Pure. */
int64_t pause_length(int64_t retry_ms, int tries);
