/* What the errors of errand's stream functions mean, in words for people. */
#pragma once

#include <stdint.h>

/* For a negative errno value. Nobody's to free; strerror()'s until it is called again. */
const char *stream_fault_text(int32_t error);
