/* Base64 as RFC 4648 section 4 has it, and nothing else: standard alphabet, padded, no line breaks
 * or blanks, no bits left over in the last character. One text means one signature. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* False when text is not that, is empty, or holds more than `room` bytes; then nothing in `bytes`
 * counts. */
bool base64_decode(const char *text, unsigned char *bytes, size_t room, size_t *length);
