/* A growing, NULL-terminated list of strings: argument vectors and environments.
 *
 * Ownership: the list owns copies. Memory running out is remembered rather than reported at each
 * call: ask words_ok() once, at the end. A zeroed Words is an empty list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char **items; /* items[count] is NULL; NULL while nothing was added */
    size_t count;
    bool failed;
} Words;

void words_add(Words *self, const char *text);
/* Adds the first `length` bytes of `text`. */
void words_add_part(Words *self, const char *text, size_t length);
/* Adds "NAME=VALUE" in place of an entry of the same name, if there is one. */
void words_set(Words *self, const char *name, const char *value);
/* Something was added and memory never ran out. */
bool words_ok(const Words *self);
void words_clear(Words *self);
