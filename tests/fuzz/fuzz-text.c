/* Any bytes as text to show. What comes out is fit for statusDetails, does not change when treated
 * again, and no credential of a URL is left in it. */
#include "fuzz.h"
#include "text.h"

#define SECRET "c4n4ry"

static gsize
units_of(const char *text)
{
    gsize units = 0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        units += g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
    return units;
}

static void
check_fit(const char *text, gsize max_units)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(units_of(text), <=, max_units);
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);

        g_assert_true(type > G_UNICODE_UNASSIGNED && type != G_UNICODE_SURROGATE);
        g_assert_true(c == ' ' || !g_unichar_isspace(c));
    }
    g_assert_true(*text == '\0' || (*text != ' ' && !g_str_has_suffix(text, " ")));
}

/* The limit takes off one end and nothing else, and only when it must. */
static void
check_cut(const char *whole, const char *cut, gsize max_units, gboolean keep_tail)
{
    if (units_of(whole) <= max_units)
        g_assert_cmpstr(cut, ==, whole);
    else
        g_assert_true(keep_tail ? g_str_has_suffix(whole, cut) : g_str_has_prefix(whole, cut));
}

static void
check_clean(const char *bytes, gsize length, gsize max_units, gboolean keep_tail)
{
    g_autofree char *whole = text_clean(bytes, (gssize)length, G_MAXSIZE, keep_tail);
    g_autofree char *cut = text_clean(bytes, (gssize)length, max_units, keep_tail);
    g_autofree char *again = text_clean(cut, -1, max_units, keep_tail);

    check_fit(cut, max_units);
    check_cut(whole, cut, max_units, keep_tail);
    g_assert_cmpstr(again, ==, cut);
}

/* Where text_redact() ends a URL: blanks, controls, quotes, backslashes. */
#define ENDS                                                                                       \
    "\001\002\003\004\005\006\a\b\t\n\v\f\r\016\017\020\021\022\023\024\025\026\027\030\031"       \
    "\032\033\034\035\036\037 \177\"<>`\\"

/* No character from which a query or a user name could follow has anything but stars behind it. */
static void
check_no_query(const char *text)
{
    for (const char *p = strstr(text, "://"); p != NULL; p = strstr(p + 3, "://")) {
        const char *end = p + 3 + strcspn(p + 3, ENDS);
        const char *mark = p + 3 + strcspn(p + 3, "?#" ENDS);

        if (mark >= end)
            continue;
        mark += g_str_has_prefix(mark + 1, "***") ? 4 : 1;
        mark += strspn(mark, "'()[]{},.;:!|");
        if (mark < end && strspn(mark, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+") > 0)
            mark += strspn(mark, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+");
        g_assert_true(mark >= end || *mark == ':');
    }
}

static void
check_redact(const char *text)
{
    g_autofree char *redacted = text_redact(text);
    g_autofree char *again = text_redact(redacted);

    g_assert_cmpstr(again, ==, redacted);
    check_no_query(redacted);
}

static void
check_show(const char *bytes, gsize length, gsize max_units, gboolean keep_tail)
{
    g_autofree char *whole = text_show(bytes, (gssize)length, G_MAXSIZE, keep_tail);
    g_autofree char *cut = text_show(bytes, (gssize)length, max_units, keep_tail);
    g_autofree char *again = text_show(whole, -1, G_MAXSIZE, keep_tail);

    check_fit(cut, max_units);
    check_cut(whole, cut, max_units, keep_tail);
    check_no_query(whole);
    g_assert_cmpstr(again, ==, whole);
}

/* The text without what ends a URL or begins another, so that all of it stays in one query. */
static char *
inner(const char *text)
{
    g_autofree char *clean = text_clean(text, -1, 200, FALSE);
    GString *out = g_string_new(NULL);

    for (const char *p = clean; *p != '\0'; p++)
        if (strchr(" \"<>`\\'/?#@&,;", *p) == NULL)
            g_string_append_c(out, *p);
    return g_string_free(out, FALSE);
}

/* What programs put between letters without a reader seeing it: colours, marks of zero width. */
static char *
colour(const char *text)
{
    static const char *const between[] = {"", "\033[31m", "\xE2\x80\x8B", "\001", "\033[m\033[K"};
    GString *out = g_string_new(NULL);
    guint turn = (guint)strlen(text);

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        g_string_append_len(out, p, g_utf8_next_char(p) - p);
        turn += g_utf8_get_char(p);
        g_string_append(out, between[turn % G_N_ELEMENTS(between)]);
    }
    return g_string_free(out, FALSE);
}

static void
check_secret(const char *before, const char *url, const char *after)
{
    g_autofree char *bare = g_strconcat(before, url, " ", after, NULL);
    g_autofree char *coloured = colour(url);
    g_autofree char *printed = g_strconcat(before, coloured, " ", after, NULL);
    g_autofree char *redacted = text_redact(bare);
    g_autofree char *shown = text_show(bare, -1, G_MAXSIZE, TRUE);
    g_autofree char *shown_coloured = text_show(printed, -1, G_MAXSIZE, FALSE);

    g_assert_null(strstr(redacted, SECRET));
    g_assert_null(strstr(shown, SECRET));
    g_assert_null(strstr(shown_coloured, SECRET));
}

/* Lines: inside the URL, before it, after it. */
static void
check_secrets(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
    guint count = g_strv_length(lines);
    const char *before = count > 1 ? lines[1] : "";
    const char *after = count > 2 ? lines[2] : "";
    g_autofree char *seen = text_clean(text, -1, G_MAXSIZE, FALSE);
    g_autofree char *middle = inner(count > 0 ? lines[0] : "");
    g_autofree char *query = g_strconcat("https://h/p?", middle, SECRET, NULL);
    g_autofree char *user = g_strconcat("http://u:", middle, SECRET "@h/", NULL);

    if (strstr(text, SECRET) != NULL || strstr(seen, SECRET) != NULL)
        return;
    check_secret(before, query, after);
    check_secret(before, user, after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsize max_units = size > 0 ? data[0] : 0;
    g_autofree char *bytes = size > 1 ? g_memdup2(data + 1, size - 1) : NULL;
    gsize length = size > 1 ? size - 1 : 0;
    g_autofree char *text = fuzz_string((const uint8_t *)bytes, length);

    for (gboolean keep_tail = FALSE; keep_tail <= TRUE; keep_tail++) {
        check_clean(bytes, length, max_units, keep_tail);
        check_show(bytes, length, max_units, keep_tail);
    }
    check_redact(text);
    check_secrets(text);
    return 0;
}
