/* What the parts of keyfile share: keyfile.c keeps and hands out, keyfile-scan.c reads lines,
 * keyfile-parse.c reads values, keyfile-get.c is the getters. */
#pragma once

#include "keyfile.h"

/* Stores "key=raw" of a group that keyfile_store_group() knows. */
void keyfile_store_value(Keyfile *self, const char *group, const char *key, const char *raw);
/* Begins or continues a group. Both belong to the file named last. */
void keyfile_store_group(Keyfile *self, const char *group);
void keyfile_store_file(Keyfile *self, const char *file);
/* A fault about a line or, with line 0, about the whole of the file named last. */
void keyfile_store_fault(Keyfile *self, guint line, const char *text);

/* The value as it stands in the file, now taken; NULL when there is none. Belongs to self. */
const char *keyfile_take(Keyfile *self, const char *group, const char *key);

/* A value with its escapes undone; NULL when one is not \s \n \t \r \\ or \;. */
char *keyfile_parse_string(const char *raw);
/* The same for each element of a list. */
char **keyfile_parse_list(const char *raw);
gboolean keyfile_parse_boolean(const char *text, gboolean *value);
/* FALSE leaves *value_ms alone. */
gboolean keyfile_parse_duration(const char *text, gint64 *value_ms) G_GNUC_WARN_UNUSED_RESULT;
/* For messages, in the largest unit that has no remainder. Caller frees. */
char *keyfile_parse_duration_text(gint64 ms);
