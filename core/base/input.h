/* All that a descriptor has to give, as long as that is not too much: for small files from outside,
 * each of which has a size that no honest one reaches. Blocking; any thread. */
#pragma once

#include <glib.h>

/* Reads to the end of the file, but no more than limit + 1 bytes: *length over limit says that it
 * is too big. A NUL follows the bytes. NULL with errno when reading fails. limit is below G_MAXINT
 * / 2. Caller frees. */
char *input_read(int fd, gsize limit, gsize *length) G_GNUC_WARN_UNUSED_RESULT;
