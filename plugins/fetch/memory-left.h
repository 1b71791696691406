/* How much memory a file in memory may take. */
#pragma once

#include <stdint.h>

/* What the machine has available, or the control groups of this process leave (version 2, or the
 * memory controller of version 1), whichever is less. Bytes, or -1 when it cannot be told. */
int64_t memory_left(void);
