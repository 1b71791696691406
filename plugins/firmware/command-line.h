/* The words of one command line, the way a shell would see them and without a shell: blanks
 * separate, '...' and "..." keep together, a backslash takes the next character as it is (inside
 * "..." only before " and \). No expansion of any kind. Pure. */
#pragma once

#include "words.h"

/* False: a quote is not closed, or nothing follows the last backslash. Words are added all the
 * same. */
bool command_line_split(const char *text, Words *words);
