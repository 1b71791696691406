/* Opening a file of the owner's choice for reading, whatever it turns out to be. */
#pragma once

/* A regular file, those of /proc and /sys among them, to be read; never waits. -1 with errno,
 * EINVAL for a FIFO, a device or anything else. */
int plain_open(const char *path);
