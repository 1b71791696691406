#include "text.h"

#include <string.h>

#define TEXT_SEPARATOR       " | "
#define TEXT_SEPARATOR_UNITS 3
#define TEXT_REPLACEMENT     0xFFFD
#define TEXT_ESC             0x1B
#define TEXT_BEL             0x07
/* How much more than the limit the first look at a tail takes in; it doubles when that was not
 * enough. */
#define TEXT_TAIL_SLACK      4096

typedef struct {
    const char *at;
    const char *end;
} TextInput;

/* The next character, or U+FFFD for one byte that is not UTF-8. */
static gunichar
text_next(TextInput *input)
{
    guchar first = (guchar)*input->at;

    if (first < 0x80) {
        input->at++;
        return first;
    }
    gunichar c = g_utf8_get_char_validated(input->at, input->end - input->at);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        input->at++;
        return TEXT_REPLACEMENT;
    }
    input->at = g_utf8_next_char(input->at);
    return c;
}

/* Skips bytes in [low, high]. */
static void
text_skip_range(TextInput *input, guchar low, guchar high)
{
    while (input->at < input->end && (guchar)*input->at >= low && (guchar)*input->at <= high)
        input->at++;
}

static void
text_skip_one(TextInput *input, guchar low, guchar high)
{
    if (input->at < input->end && (guchar)*input->at >= low && (guchar)*input->at <= high)
        input->at++;
}

/* ECMA-48: parameter bytes, intermediate bytes, one final byte. */
static void
text_skip_csi(TextInput *input)
{
    text_skip_range(input, 0x30, 0x3F);
    text_skip_range(input, 0x20, 0x2F);
    text_skip_one(input, 0x40, 0x7E);
}

/* A command string ends with BEL or ST. One that was cut off ends with its line, so that it does
 * not swallow everything after it. */
static void
text_skip_string(TextInput *input)
{
    while (input->at < input->end && *input->at != '\n' && *input->at != '\r') {
        TextInput ahead = *input;
        gunichar c = text_next(&ahead);
        if (c == TEXT_ESC) {
            if (ahead.at < ahead.end && *ahead.at == '\\')
                input->at = ahead.at + 1;
            return;
        }
        *input = ahead;
        if (c == TEXT_BEL || c == 0x9C)
            return;
    }
}

/* Whether c begins an escape sequence; then all of it has been skipped. */
static gboolean
text_skip_escape(TextInput *input, gunichar c)
{
    if (c == TEXT_ESC && input->at < input->end) {
        char kind = *input->at;
        if (strchr("[]PX^_", kind) != NULL && kind != '\0')
            input->at++;
        else {
            text_skip_range(input, 0x20, 0x2F);
            text_skip_one(input, 0x30, 0x7E);
            return TRUE;
        }
        c = kind == '[' ? 0x9B : 0x9D;
    }
    if (c == 0x9B)
        text_skip_csi(input);
    else if (c == 0x9D || c == 0x90 || c == 0x98 || c == 0x9E || c == 0x9F)
        text_skip_string(input);
    return c == TEXT_ESC || c == 0x90 || c == 0x98 || (c >= 0x9B && c <= 0x9F);
}

static gboolean
text_is_line_end(gunichar c)
{
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* The character to show, '\n' for any line end, 0 for none. */
static gunichar
text_fit(gunichar c)
{
    if (text_is_line_end(c))
        return '\n';
    if (c >= 0x20 && c < 0x7F)
        return c;
    if (c == '\t')
        return ' ';
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
        return 0;
    case G_UNICODE_SPACE_SEPARATOR:
        return ' ';
    default:
        return c;
    }
}

static gsize
text_units(gunichar c)
{
    if (c == '\n')
        return TEXT_SEPARATOR_UNITS;
    return c > 0xFFFF ? 2 : 1;
}

/* Appends what is fit to show, line ends as '\n' (at most one in a row, no blanks around it), until
 * the input ends or more than max_units are there. Returns the units. */
static gsize
text_filter(TextInput *input, GString *out, gsize max_units)
{
    gsize units = 0;
    gsize blanks = 0; /* seen, but only worth showing when something follows on the same line */

    while (input->at < input->end && units <= max_units) {
        gunichar c = text_next(input);
        if (text_skip_escape(input, c))
            continue;
        c = text_fit(c);
        gboolean line_begins = out->len == 0 || out->str[out->len - 1] == '\n';
        if (c == 0 || (c == '\n' && line_begins))
            continue;
        if (c == ' ') {
            blanks += line_begins ? 0 : 1;
            continue;
        }
        for (units += c == '\n' ? 0 : blanks; c != '\n' && blanks > 0; blanks--)
            g_string_append_c(out, ' ');
        blanks = 0;
        g_string_append_unichar(out, c);
        units += text_units(c);
    }
    return units;
}

/* Line ends and blanks at both ends; returns their units. */
static gsize
text_trim(const char **begin, const char **end)
{
    gsize units = 0;

    for (; *begin < *end && (**begin == ' ' || **begin == '\n'); (*begin)++)
        units += text_units((guchar) * *begin);
    for (; *begin < *end && ((*end)[-1] == ' ' || (*end)[-1] == '\n'); (*end)--)
        units += text_units((guchar)(*end)[-1]);
    return units;
}

/* Cuts to max_units at one end, drops line ends and blanks at both, spells the rest out. Those at
 * the end that stays go first, as they must not cost room. */
static char *
text_finish(GString *work, gsize units, gsize max_units, gboolean keep_tail)
{
    const char *begin = work->str;
    const char *end = work->str + work->len;

    units -= text_trim(&begin, &end);
    while (units > max_units && keep_tail) {
        units -= text_units(g_utf8_get_char(begin));
        begin = g_utf8_next_char(begin);
    }
    while (units > max_units) {
        end = g_utf8_prev_char(end);
        units -= text_units(g_utf8_get_char(end));
    }
    text_trim(&begin, &end);

    GString *out = g_string_sized_new((gsize)(end - begin) + 1);
    for (const char *p = begin; p < end; p++)
        if (*p == '\n')
            g_string_append(out, TEXT_SEPARATOR);
        else
            g_string_append_c(out, *p);
    return g_string_free(out, FALSE);
}

/* An escape sequence never reaches over a '\n', so looking from just behind one gives the same as
 * looking from the beginning. */
static const char *
text_tail_start(const char *bytes, gsize length, gsize look)
{
    if (look >= length)
        return bytes;
    const char *line = memrchr(bytes, '\n', length - look);
    return line != NULL ? line + 1 : bytes;
}

static char *
text_clean_tail(const char *bytes, gsize length, gsize max_units)
{
    g_autoptr(GString) work = g_string_new(NULL);
    gsize look = MIN(max_units, length) * 4 + TEXT_TAIL_SLACK;
    const char *start = NULL;
    gsize units = 0;

    do {
        start = text_tail_start(bytes, length, look);
        TextInput input = {start, bytes + length};
        g_string_truncate(work, 0);
        units = text_filter(&input, work, G_MAXSIZE - 1);
        look *= 2;
    } while (units <= max_units + TEXT_SEPARATOR_UNITS && start > bytes);
    return text_finish(work, units, max_units, TRUE);
}

char *
text_clean(const char *bytes, gssize length, gsize max_units, gboolean keep_tail)
{
    if (bytes == NULL || length == 0)
        return g_strdup("");
    gsize size = length < 0 ? strlen(bytes) : (gsize)length;
    if (keep_tail)
        return text_clean_tail(bytes, size, max_units);

    g_autoptr(GString) work = g_string_new(NULL);
    TextInput input = {bytes, bytes + size};
    gsize units = text_filter(&input, work, MIN(max_units, G_MAXSIZE - 4));
    return text_finish(work, units, max_units, FALSE);
}

char *
text_show(const char *bytes, gssize length, gsize max_units, gboolean keep_tail)
{
    if (bytes == NULL || length == 0)
        return g_strdup("");
    gsize size = length < 0 ? strlen(bytes) : (gsize)length;
    g_autoptr(GString) work = g_string_new(NULL);
    TextInput input = {bytes, bytes + size};

    text_filter(&input, work, G_MAXSIZE - 4);
    g_autofree char *redacted = text_redact(work->str);
    return text_clean(redacted, -1, max_units, keep_tail);
}

/* Looks at no more than max + 1 bytes, for a text of a plugin may be of any length. */
static gboolean
text_is_made_of(const char *text, const char *allowed, const char *others, gsize max)
{
    gsize length = 0;

    if (text == NULL)
        return FALSE;
    for (; text[length] != '\0'; length++)
        if (length == max ||
            (strchr(allowed, text[length]) == NULL && strchr(others, text[length]) == NULL))
            return FALSE;
    return length > 0;
}

gboolean
text_is_word(const char *text, gsize max)
{
    return text_is_made_of(text, G_CSET_a_2_z G_CSET_DIGITS, "-", max);
}

gboolean
text_is_name(const char *text, const char *others, gsize max)
{
    return text_is_made_of(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS, others, max);
}

gboolean
text_is_utf8(const char *bytes, gsize length)
{
    return length == 0 || g_utf8_validate_len(bytes, length, NULL);
}
