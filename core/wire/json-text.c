#include "json-text.h"

#include <string.h>

typedef struct {
    const char *at;
    const char *end;
    guint depth;
    const char *copied; /* what is before it is in text, if there is a text */
    GString *text;      /* NULL as long as the original will do */
} Scan;

/* The four hex digits of \uXXXX with at on the u, or -1. */
static int
scan_unit(const Scan *scan)
{
    int unit = 0;

    if (scan->end - scan->at < 5 || *scan->at != 'u')
        return -1;
    for (int i = 1; i <= 4; i++) {
        int digit = g_ascii_xdigit_value(scan->at[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static const char *
scan_unicode_escape(Scan *scan)
{
    int unit = scan_unit(scan);

    if (unit < 0)
        return "a \\u escape without four digits";
    if (unit == 0)
        return "an escaped NUL";
    scan->at += 5;
    if (unit < 0xd800 || unit > 0xdfff)
        return NULL;
    if (unit > 0xdbff || scan->end - scan->at < 6 || *scan->at != '\\')
        return "half a surrogate pair";
    scan->at++;
    unit = scan_unit(scan);
    if (unit < 0xdc00 || unit > 0xdfff)
        return "half a surrogate pair";
    scan->at += 5;
    return NULL;
}

/* at is behind the opening quote; left behind the closing one. */
static const char *
scan_string(Scan *scan)
{
    while (scan->at < scan->end) {
        char c = *scan->at;

        if ((guchar)c < 0x20)
            return "a control character in a string";
        scan->at++;
        if (c == '"')
            return NULL;
        if (c != '\\')
            continue;
        if (scan->at < scan->end && *scan->at == 'u') {
            const char *fault = scan_unicode_escape(scan);

            if (fault != NULL)
                return fault;
            continue;
        }
        if (scan->at == scan->end || *scan->at == '\0' || strchr("\"\\/bfnrt", *scan->at) == NULL)
            return "an unknown escape";
        scan->at++;
    }
    return "a string without end";
}

static gboolean
scan_digits(Scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && g_ascii_isdigit(*scan->at))
        scan->at++;
    return scan->at > start;
}

static gboolean
scan_one_of(Scan *scan, const char *characters)
{
    if (scan->at == scan->end || *scan->at == '\0' || strchr(characters, *scan->at) == NULL)
        return FALSE;
    scan->at++;
    return TRUE;
}

static gboolean
beyond_64_bits(const char *digits, gsize length, gboolean negative)
{
    const char *limit = negative ? "9223372036854775808" : "9223372036854775807";

    return length > strlen(limit) || (length == strlen(limit) && memcmp(digits, limit, length) > 0);
}

/* json-glib makes -1 of an integer beyond 64 bits, and reads 010 as 8. The first is handed to it as
 * a floating-point number, the second is no JSON. */
static const char *
scan_number(Scan *scan)
{
    gboolean negative = scan_one_of(scan, "-");
    const char *digits = scan->at;
    gboolean whole = TRUE;
    gsize length;

    if (!scan_digits(scan) || (*digits == '0' && scan->at - digits > 1))
        return "a malformed number";
    length = (gsize)(scan->at - digits);
    if (scan_one_of(scan, ".")) {
        whole = FALSE;
        if (!scan_digits(scan))
            return "a malformed number";
    }
    if (scan_one_of(scan, "eE")) {
        whole = FALSE;
        scan_one_of(scan, "+-");
        if (!scan_digits(scan))
            return "a malformed number";
    }
    if (!whole || !beyond_64_bits(digits, length, negative))
        return NULL;
    if (scan->text == NULL)
        scan->text = g_string_new(NULL);
    g_string_append_len(scan->text, scan->copied, scan->at - scan->copied);
    g_string_append(scan->text, ".0");
    scan->copied = scan->at;
    return NULL;
}

static const char *
scan_value(Scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    char c = *scan->at;

    if (c == '"') {
        scan->at++;
        return scan_string(scan);
    }
    if (c == '-' || g_ascii_isdigit(c))
        return scan_number(scan);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i]);

        if ((gsize)(scan->end - scan->at) < length || memcmp(scan->at, words[i], length) != 0)
            continue;
        scan->at += length;
        return NULL;
    }
    return "a character that JSON does not have there";
}

/* What keeps the text from being one object, or NULL. */
static const char *
scan_object(Scan *scan, guint depth_max)
{
    gboolean closed = FALSE;

    while (scan->at < scan->end) {
        const char *fault = NULL;

        if (scan_one_of(scan, " \t\r\n"))
            continue;
        if (closed)
            return "something behind the object";
        if (scan->depth == 0 && *scan->at != '{')
            return "no object";
        if (scan_one_of(scan, "{[")) {
            if (++scan->depth > depth_max)
                return "too deeply nested";
        } else if (scan_one_of(scan, "}]")) {
            closed = --scan->depth == 0;
        } else if (!scan_one_of(scan, ":,")) {
            fault = scan_value(scan);
        }
        if (fault != NULL)
            return fault;
    }
    return closed ? NULL : "an object without end";
}

JsonNode *
json_text_parse(const char *text, gsize length, guint depth_max, GError **error)
{
    g_autoptr(JsonParser) parser = NULL;
    g_autoptr(GString) mended = NULL;
    Scan scan = {text, text + length, 0, text, NULL};
    const char *fault;

    if (length > G_MAXINT || !g_utf8_validate_len(text, length, NULL)) {
        g_set_error(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_INVALID_DATA,
                    "not JSON: the text is not UTF-8");
        return NULL;
    }
    fault = scan_object(&scan, depth_max);
    mended = scan.text;
    if (fault != NULL) {
        g_set_error(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE,
                    "not one JSON object: %s at byte %" G_GSIZE_FORMAT, fault,
                    (gsize)(scan.at - text));
        return NULL;
    }
    if (mended != NULL) {
        g_string_append_len(mended, scan.copied, scan.end - scan.copied);
        text = mended->str;
        length = mended->len;
    }
    parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, text, (gssize)length, error))
        return NULL;
    if (json_parser_get_root(parser) == NULL ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
        g_set_error(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE, "not one JSON object");
        return NULL;
    }
    return json_parser_steal_root(parser);
}
