/* Which of two versions is the later one, for the floor against downgrades. Pure.
 *
 * The rule is dpkg's without epochs: from left to right, runs of digits are compared as numbers,
 * what is between them letter by letter, letters before other characters; "~" comes before
 * everything, even before the end. So 1.9 < 1.10 < 1.10.1 < 2.0~rc1 < 2.0 < 2.0-1. A "v" before the
 * first digit does not count. Note 2.0 < 2.0-rc1: a release candidate is written with "~". */
#pragma once

#include <stdint.h>

/* Negative, 0 or positive: `one` is earlier, the same, later. */
int version_compare(const char *one, const char *two);

/* "MAJOR.MINOR.BUILD" (missing ones are 0, what follows is ignored) as FreeRTOS packs it:
 * 0xMMmmbbbb. -1 when it does not begin like this or a part is too large. */
int64_t version_pack(const char *version);
