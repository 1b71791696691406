/* The Device Client's rule for the text of `command`: what becomes of the commas. */
#pragma once

#include "words.h"

/* Words are the runs between commas, so that neighbouring commas count as one; "\," is a comma
 * inside a word; blanks at both ends of a word go (a word of blanks becomes an empty argument). No
 * shell, no quotes, no expansion. */
void split_command(const char *text, Words *words);
