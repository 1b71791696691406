#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes `text`, which may be NULL when memory ran out. */
static void
words_take(Words *self, char *text)
{
    char **items = NULL;

    if (text != NULL)
        items = realloc(self->items, (self->count + 2) * sizeof *items);
    if (items == NULL) {
        self->failed = true;
        free(text);
        return;
    }
    self->items = items;
    self->items[self->count++] = text;
    self->items[self->count] = NULL;
}

void
words_add(Words *self, const char *text)
{
    words_take(self, strdup(text));
}

void
words_add_part(Words *self, const char *text, size_t length)
{
    words_take(self, strndup(text, length));
}

void
words_set(Words *self, const char *name, const char *value)
{
    size_t length = strlen(name);
    char *text = NULL;

    if (asprintf(&text, "%s=%s", name, value) < 0) {
        self->failed = true;
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (strncmp(self->items[i], name, length) == 0 && self->items[i][length] == '=') {
            free(self->items[i]);
            self->items[i] = text;
            return;
        }
    }
    words_take(self, text);
}

bool
words_ok(const Words *self)
{
    return !self->failed && self->items != NULL;
}

void
words_clear(Words *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i]);
    free(self->items);
    *self = (Words){0};
}
