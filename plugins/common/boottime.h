/* The only clock that decides anything in a plugin: nobody sets it, and it goes on in suspend. */
#pragma once

#include <stdint.h>

/* CLOCK_BOOTTIME in milliseconds. */
int64_t boottime_ms(void);
