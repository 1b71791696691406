#include "keyfile-private.h"

#include <string.h>

/* Smallest first, as the text for messages takes the last that fits. */
static const struct {
    const char *word;
    gint64 ms;
} keyfile_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};

gboolean
keyfile_parse_duration(const char *text, gint64 *value_ms)
{
    gsize digits = text != NULL ? strspn(text, "0123456789") : 0;
    gint64 factor = 0;
    gint64 number = 0;
    gint64 product = 0;

    if (digits == 0)
        return FALSE;
    g_autofree char *head = g_strndup(text, digits);
    if (!g_ascii_string_to_signed(head, 10, 0, G_MAXINT64, &number, NULL))
        return FALSE;
    if (text[digits] == '\0')
        factor = 1000; /* a bare number is seconds */
    for (guint i = 0; i < G_N_ELEMENTS(keyfile_units) && factor == 0; i++)
        if (strcmp(text + digits, keyfile_units[i].word) == 0)
            factor = keyfile_units[i].ms;
    if (factor == 0 || __builtin_mul_overflow(number, factor, &product))
        return FALSE;
    *value_ms = product;
    return TRUE;
}

char *
keyfile_parse_duration_text(gint64 ms)
{
    guint best = 0;

    for (guint i = 1; i < G_N_ELEMENTS(keyfile_units); i++)
        if (ms != 0 && ms % keyfile_units[i].ms == 0)
            best = i;
    return g_strdup_printf("%" G_GINT64_FORMAT "%s", ms / keyfile_units[best].ms,
                           keyfile_units[best].word);
}

gboolean
keyfile_parse_boolean(const char *text, gboolean *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2 == 1;
            return TRUE;
        }
    return FALSE;
}

/* The character an escape stands for, 0 for one that is none. */
static char
keyfile_parse_escape(char c)
{
    switch (c) {
    case 's':
        return ' ';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '\\':
    case ';':
        return c;
    default:
        return '\0';
    }
}

static char *
keyfile_parse_bytes(const char *raw, gsize length)
{
    GString *out = g_string_sized_new(length + 1);

    for (gsize i = 0; i < length; i++) {
        char c = raw[i];
        if (c == '\\')
            c = ++i < length ? keyfile_parse_escape(raw[i]) : '\0';
        if (c == '\0') {
            g_string_free(out, TRUE);
            return NULL;
        }
        g_string_append_c(out, c);
    }
    return g_string_free(out, FALSE);
}

char *
keyfile_parse_string(const char *raw)
{
    return keyfile_parse_bytes(raw, strlen(raw));
}

/* The ';' that ends the element at p, or the end of the text. */
static const char *
keyfile_element_end(const char *p)
{
    for (; *p != '\0' && *p != ';'; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return p;
}

char **
keyfile_parse_list(const char *raw)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (const char *p = raw; *p != '\0';) {
        const char *end = keyfile_element_end(p);
        const char *next = *end == ';' ? end + 1 : end;
        while (p < end && g_ascii_isspace(*p))
            p++;
        while (end > p && g_ascii_isspace(end[-1]))
            end--;
        char *element = keyfile_parse_bytes(p, (gsize)(end - p));
        if (element == NULL)
            return NULL;
        g_ptr_array_add(list, element);
        p = next;
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}
