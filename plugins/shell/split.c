#include "split.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n\v\f\r"

static void
add_trimmed(Words *words, const char *text, size_t length)
{
    size_t start = 0;

    while (start < length && strchr(BLANKS, text[start]) != NULL)
        start++;
    while (length > start && strchr(BLANKS, text[length - 1]) != NULL)
        length--;
    words_add_part(words, text + start, length - start);
}

void
split_command(const char *text, Words *words)
{
    char *word = malloc(strlen(text) + 1);
    size_t length = 0;

    if (word == NULL) {
        words->failed = true;
        return;
    }
    for (const char *at = text; *at != '\0'; at++) {
        bool escaped = at[0] == '\\' && at[1] == ',';

        if (*at != ',') {
            at += escaped ? 1 : 0;
            word[length++] = *at;
            continue;
        }
        if (length > 0)
            add_trimmed(words, word, length);
        length = 0;
    }
    if (length > 0)
        add_trimmed(words, word, length);
    free(word);
}
