/* Text from outside made fit to show: cleaned, clipped, secrets blanked. Pure; no errors, no I/O.
 * All returned strings are new and belong to the caller. */
#pragma once

#include <glib.h>

/* A value the service takes: valid UTF-8 (bad bytes become U+FFFD), line ends become " | ", tabs
 * and other white space one blank, every Unicode "other" character (controls, format, private use,
 * unassigned) and ANSI escape sequences dropped, ends trimmed; never longer than max_units UTF-16
 * units. keep_tail says which end survives the cut: the last words of a program, the first of a
 * message. length may be -1. */
char *text_clean(const char *bytes, gssize length, gsize max_units, gboolean keep_tail);

/* Replaces the query and the user part of every URL in text ("https://host/path?…" ->
 * "https://host/path?***"). A presigned query is a credential and must not reach a log, a
 * statusDetails value or an argument list. */
char *text_redact(const char *text);

/* Both: the only right way for text of unknown origin. Colours and characters nobody sees go before
 * the search for URLs, as they hide one or end it, and the cut comes after it, as half a URL is not
 * recognised. Parameters as of text_clean(). */
char *text_show(const char *bytes, gssize length, gsize max_units, gboolean keep_tail);

/* Whether text is 1..max bytes of [a-z0-9-]: a reason word. NULL is not. */
gboolean text_is_word(const char *text, gsize max);
/* Whether text is 1..max bytes of [A-Za-z0-9] and others ("_-"): an id, a key, the name of an
 * operation. NULL is not. */
gboolean text_is_name(const char *text, const char *others, gsize max);

/* Whether bytes are valid UTF-8 without NUL. */
gboolean text_is_utf8(const char *bytes, gsize length);
