#include "command-line.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

typedef struct {
    const char *at;
    char *word;
    size_t length;
    bool complete;
} Splitter;

static void
take(Splitter *self)
{
    self->word[self->length++] = *self->at++;
}

/* From behind the quote to behind the closing one. */
static void
take_quoted(Splitter *self, char quote)
{
    while (*self->at != '\0' && *self->at != quote) {
        if (quote == '"' && *self->at == '\\' && (self->at[1] == '"' || self->at[1] == '\\'))
            self->at++;
        take(self);
    }
    if (*self->at == quote)
        self->at++;
    else
        self->complete = false;
}

static void
take_word(Splitter *self)
{
    while (*self->at != '\0' && strchr(BLANKS, *self->at) == NULL) {
        char first = *self->at;

        if (first == '"' || first == '\'') {
            self->at++;
            take_quoted(self, first);
            continue;
        }
        if (first == '\\')
            self->at++;
        if (*self->at != '\0')
            take(self);
        else
            self->complete = false;
    }
}

bool
command_line_split(const char *text, Words *words)
{
    Splitter self = {.at = text, .word = malloc(strlen(text) + 1), .complete = true};

    if (self.word == NULL) {
        words->failed = true;
        return true;
    }
    for (;;) {
        self.at += strspn(self.at, BLANKS);
        if (*self.at == '\0')
            break;
        self.length = 0;
        take_word(&self);
        words_add_part(words, self.word, self.length);
    }
    free(self.word);
    return self.complete;
}
