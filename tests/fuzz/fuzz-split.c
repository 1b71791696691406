/* Any text as the `command` of a Device Client document: the words, written with commas again, are
 * the same words. */
#include "fuzz.h"
#include "split.h"

#define BLANKS " \t\n\v\f\r"

static void
check_word(const char *word)
{
    gsize length = strlen(word);

    g_assert_true(length == 0 ||
                  (strchr(BLANKS, word[0]) == NULL && strchr(BLANKS, word[length - 1]) == NULL));
}

/* Blanks keep an empty word, and a backslash at a word's end away from the comma. */
static char *
join(const Words *words)
{
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < words->count; i++) {
        g_autoptr(GString) word = g_string_new(words->items[i]);

        g_string_replace(word, ",", "\\,", 0);
        g_string_append_printf(text, "%s %s ", i > 0 ? "," : "", word->str);
    }
    return g_string_free(text, FALSE);
}

static void
check_same(const Words *a, const Words *b)
{
    g_assert_cmpuint(a->count, ==, b->count);
    for (gsize i = 0; i < a->count; i++)
        g_assert_cmpstr(a->items[i], ==, b->items[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_string(data, size);
    g_autofree char *joined = NULL;
    Words words = {0};
    Words again = {0};

    split_command(text, &words);
    g_assert_false(words.failed);
    g_assert_cmpuint(words.count, <=, strlen(text));
    for (gsize i = 0; i < words.count; i++)
        check_word(words.items[i]);
    joined = join(&words);
    split_command(joined, &again);
    check_same(&words, &again);
    words_clear(&words);
    words_clear(&again);
    return 0;
}
