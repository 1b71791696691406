/* Reading files that decide what is believed, by the rules the daemon has for them.
 *
 * A file qualifies when it is a regular file (no link, FIFO, device), belongs to root or to the
 * user errand runs as, and is not writable by group or others; so must be every directory that
 * leads to it (a sticky one, like /tmp, does not disqualify what lies properly below it). Links on
 * the way to the directory are followed when they are trusted like directories; the directory
 * itself is none. What was checked is what is read, through the same descriptors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define VETTED_FAULT_SIZE 512

/* A descriptor of the directory, every one on the way checked; -1 with `fault` set. */
int vetted_directory(const char *path, char fault[VETTED_FAULT_SIZE]);
/* Reads a whole small file. Its length; -1 with `fault` set, also when it has more than `size`
 * bytes. Never blocks. */
long vetted_read(int directory, const char *name, char *text, size_t size,
                 char fault[VETTED_FAULT_SIZE]);
