#include "text.h"

#include <string.h>

#define TEXT_BLANK           "***"
#define TEXT_SEPARATOR       " | " /* what text_clean() makes of a line end */
/* Longest scheme looked for in front of "://" inside a query; registered ones are shorter. */
#define TEXT_SCHEME_MAX      32
/* Text quoted three times over has seven in a row; without a bound a long row costs its square. */
#define TEXT_BACKSLASHES_MAX 8

/* Length of character c at p, 0 when it is another. JSON may have written it as \c or \u00XX, and
 * text that was quoted twice has more than one backslash. */
static gsize
redact_match(const char *p, char c)
{
    const char *q = p;
    char digits[5];

    if (*p == c)
        return 1;
    while (*q == '\\' && q - p < TEXT_BACKSLASHES_MAX)
        q++;
    if (q == p)
        return 0;
    if (*q == c)
        return (gsize)(q - p) + 1;
    g_snprintf(digits, sizeof digits, "%04x", (guint)c);
    if (*q == 'u' && g_ascii_strncasecmp(q + 1, digits, 4) == 0)
        return (gsize)(q - p) + 5;
    return 0;
}

/* Length of "://" at p, 0 when there is none. */
static gsize
redact_match_scheme_end(const char *p)
{
    gsize colon = *p == ':' ? 1 : 0;
    gsize first = colon > 0 ? redact_match(p + colon, '/') : 0;
    gsize second = first > 0 ? redact_match(p + colon + first, '/') : 0;

    return second > 0 ? colon + first + second : 0;
}

/* Whether text ends here in which a URL stands: blank, control, quote, or the JSON escape of one.
 */
static gboolean
redact_ends(const char *p)
{
    if ((guchar)*p <= ' ' || *p == 0x7F || strchr("\"<>`", *p) != NULL)
        return TRUE;
    if (*p != '\\')
        return FALSE;
    for (guint i = 0; *p == '\\' && i < TEXT_BACKSLASHES_MAX; i++)
        p++;
    return *p == '\0' || strchr("\"nrt", *p) != NULL;
}

/* Whether another URL of a list begins at "://" here: its scheme follows a separator, not a "=". */
static gboolean
redact_other_url(const char *begin, const char *p, const char **start)
{
    const char *q = p;

    while (q > begin && p - q < TEXT_SCHEME_MAX && (g_ascii_isalnum(q[-1]) || q[-1] == '+'))
        q--;
    *start = q;
    return q < p && q > begin && strchr("'([{,;|", q[-1]) != NULL;
}

/* The end of a query that begins at p. Closing brackets and punctuation at its end belong to the
 * text. */
static const char *
redact_query_end(const char *p)
{
    const char *begin = p;
    const char *other = NULL;

    while (!redact_ends(p)) {
        if (redact_match_scheme_end(p) > 0 && redact_other_url(begin, p, &other)) {
            p = other;
            break;
        }
        p++;
    }
    while (p > begin && strchr("'()[]{},.;:!|", p[-1]) != NULL)
        p--;
    return p;
}

/* Copies the user part as "***@"; returns the first byte not dealt with (p itself without a user
 * part). */
static const char *
redact_user(const char *p, GString *out)
{
    const char *after = NULL;

    for (const char *q = p; !redact_ends(q);) {
        if (redact_match(q, '/') || redact_match(q, '?') || redact_match(q, '#'))
            break;
        gsize at = redact_match(q, '@');
        q += MAX(at, 1);
        if (at > 0)
            after = q;
    }
    if (after == NULL)
        return p;
    g_string_append(out, TEXT_BLANK "@");
    return after;
}

static const char *
redact_skip_any(const char *p, const char *set)
{
    while (*p != '\0' && strchr(set, *p) != NULL)
        p++;
    return p;
}

/* Whether a name is followed by ":" or "=", perhaps with a closing quote between: where its value
 * begins. */
static const char *
redact_value_start(const char *p)
{
    gsize found = 0;

    p = redact_skip_any(p, "\"'\\ \t");
    if (*p == ':')
        found = 1;
    else if (g_ascii_strncasecmp(p, "%3d", 3) == 0)
        found = 3;
    else if (g_ascii_strncasecmp(p, "u003d", 5) == 0)
        found = 5; /* its backslash was skipped above */
    else
        found = redact_match(p, '=');
    return found > 0 ? redact_skip_any(p + found, " \t\"'\\") : NULL;
}

/* A word of its own: to the next separator. */
static const char *
redact_word_end(const char *p)
{
    while (!redact_ends(p) && *p != '\\' && strchr("&,;'", *p) == NULL)
        p++;
    return p;
}

/* A header's value reaches to the end of its line, also of one that text_clean() has joined to the
 * next, or to the quote that opened before it. */
static const char *
redact_header_end(const char *p, char quote)
{
    while (*p != '\0' && *p != '\n' && *p != '\r') {
        if ((quote != '\0' && *p == quote) || g_str_has_prefix(p, TEXT_SEPARATOR))
            break;
        if (*p == '\\' && (p[1] == 'n' || p[1] == 'r' || (quote != '\0' && p[1] == quote)))
            break;
        p++;
    }
    return p;
}

static char
redact_quote_before(const char *text, const char *p)
{
    while (p > text && p[-1] == ' ')
        p--;
    return p > text && (p[-1] == '"' || p[-1] == '\'') ? p[-1] : '\0';
}

/* Copies "NAME=***" for a name that carries a credential; returns the first byte after its value,
 * or p when no such name stands here. */
static const char *
redact_named(const char *text, const char *p, GString *out)
{
    static const char *const names[] = {"X-Amz-Signature", "X-Amz-Credential",
                                        "X-Amz-Security-Token", "Authorization"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        gsize length = strlen(names[i]);
        if (g_ascii_strncasecmp(p, names[i], length) != 0)
            continue;
        const char *value = redact_value_start(p + length);
        if (value == NULL)
            return p;
        /* The blank of a separator is skipped like any other: the value is empty then. */
        gboolean empty = g_str_has_prefix(value - 1, TEXT_SEPARATOR);
        gboolean header = i == G_N_ELEMENTS(names) - 1;
        const char *end = empty    ? value
                          : header ? redact_header_end(value, redact_quote_before(text, p))
                                   : redact_word_end(value);
        g_string_append_len(out, p, value - p);
        if (end > value)
            g_string_append(out, TEXT_BLANK);
        return end;
    }
    return p;
}

/* Copies the mark and "***" for a query or fragment; returns the first byte after it. */
static const char *
redact_query(const char *p, gsize mark, GString *out)
{
    const char *end = redact_query_end(p + mark);

    g_string_append_len(out, p, (gssize)mark);
    if (end > p + mark)
        g_string_append(out, TEXT_BLANK);
    return end;
}

char *
text_redact(const char *text)
{
    GString *out = g_string_sized_new(strlen(text) + 1);
    gboolean in_url = FALSE;
    const char *p = text;

    while (*p != '\0') {
        const char *before = p;
        gsize mark = redact_match_scheme_end(p);
        if (mark > 0) {
            g_string_append_len(out, p, (gssize)mark);
            p = redact_user(p + mark, out);
            in_url = TRUE;
            continue;
        }
        in_url = in_url && !redact_ends(p);
        mark = redact_match(p, '?') ? redact_match(p, '?') : redact_match(p, '#');
        if (in_url && mark > 0)
            p = redact_query(p, mark, out);
        else if (strchr("xXaA", *p) != NULL)
            p = redact_named(text, p, out);
        if (p == before)
            g_string_append_c(out, *p++);
    }
    return g_string_free(out, FALSE);
}
