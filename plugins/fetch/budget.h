/* When a transfer costs too much to be gone on with: the owner's traffic-limit and time-limit. */
#pragma once

#include "transfer.h"

/* ERRAND_SUCCEEDED, or FAILED and told. `total`: length of the file, -1 when unknown. */
int32_t budget_check(Transfer *transfer, int64_t total);
