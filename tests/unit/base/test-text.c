#include "text.h"

#include <string.h>

#define ESC "\x1b"

typedef struct {
    const char *in;
    const char *out;
} Pair;

static void
test_clean(void)
{
    static const Pair pairs[] = {
        {"", ""},
        {"plain", "plain"},
        {"  a\tb\xc2\xa0"
         "c \n",
         "a b c"},
        {"\r\n one \r\n\n \n two\n", "one | two"},
        {"a\xe2\x80\xa8"
         "b\xc2\x85"
         "c",
         "a | b | c"},
        {"x\x01\x7f\xe2\x80\x8b\xef\xbb\xbf\xee\x80\x80\xef\xbf\xbey", "xy"}, /* Cc Cf Co Cn */
        {"\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* a surrogate */
        {ESC "[1;31mred" ESC "[0m" ESC "(B!", "red!"},
        {ESC "]0;title\x07shown" ESC "]8;;http://x" ESC "\\link", "shownlink"},
        {ESC "]0;cut off\nnext", "next"},
        {"\xc2\x9b"
         "2Jx" ESC "Pdcs" ESC "\\y" ESC,
         "xy"},
        {"\xf0\x9f\x98\x80 ok", "\xf0\x9f\x98\x80 ok"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        for (guint tail = 0; tail < 2; tail++) {
            g_autofree char *out = text_clean(pairs[i].in, -1, 1000, tail == 1);
            g_assert_cmpstr(out, ==, pairs[i].out);
        }
    g_autofree char *nul = text_clean("a\0b", 3, 10, FALSE);
    g_assert_cmpstr(nul, ==, "ab");
    g_autofree char *none = text_clean(NULL, -1, 10, FALSE);
    g_assert_cmpstr(none, ==, "");
}

static void
check_cut(const char *in, gsize max, const char *head, const char *tail)
{
    g_autofree char *first = text_clean(in, -1, max, FALSE);
    g_autofree char *last = text_clean(in, -1, max, TRUE);

    g_assert_cmpstr(first, ==, head);
    g_assert_cmpstr(last, ==, tail);
}

static void
test_cut(void)
{
    check_cut("abcdef", 3, "abc", "def");
    check_cut("abc", 3, "abc", "abc");
    check_cut("abc", 0, "", "");
    check_cut("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 3, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
    check_cut("ab\ncd", 6, "ab | c", "b | cd");
    check_cut("ab\ncd", 4, "ab", "cd");
    check_cut("ab\ncd", 5, "ab", "cd");
    check_cut("ab cd", 3, "ab", "cd");
    check_cut("hell       \nworld", 9, "hell | wo", "l | world");
    check_cut("\nabc\n\n", 3, "abc", "abc");
}

/* UTF-16 units of valid UTF-8. */
static gsize
count_units(const char *text)
{
    gsize units = 0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        units += g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
    return units;
}

static void
assert_clean(const char *text, gsize max)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(count_units(text), <=, max);
    g_assert_false(g_str_has_prefix(text, " ") || g_str_has_suffix(text, " "));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        GUnicodeType type = g_unichar_type(g_utf8_get_char(p));
        g_assert_true(type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT &&
                      type != G_UNICODE_PRIVATE_USE && type != G_UNICODE_UNASSIGNED &&
                      type != G_UNICODE_SURROGATE);
    }
}

/* A tail looked for from the end must be what the whole text would give. */
static void
test_random(void)
{
    static const char *const pieces[] = {
        "a",  " ", "\n", ESC "[3m", ESC "]0;t", "\x07", "\xff", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
        "\t", ESC, "\\"};

    for (guint round = 0; round < 200; round++) {
        g_autoptr(GString) in = g_string_new(NULL);
        guint count = (guint)g_test_rand_int_range(0, 4000);
        gsize max = (gsize)g_test_rand_int_range(0, 60);
        for (guint i = 0; i < count; i++)
            g_string_append(in, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
        g_autofree char *head = text_clean(in->str, (gssize)in->len, max, FALSE);
        g_autofree char *tail = text_clean(in->str, (gssize)in->len, max, TRUE);
        g_autofree char *whole = text_clean(in->str, (gssize)in->len, G_MAXINT, FALSE);
        assert_clean(head, max);
        assert_clean(tail, max);
        g_assert_true(g_str_has_prefix(whole, head));
        g_assert_true(g_str_has_suffix(whole, tail));
    }
}

static void
test_large(void)
{
    const gsize size = 8 * 1024 * 1024;
    g_autofree char *data = g_malloc(size);
    gint64 begin = g_get_monotonic_time();

    memset(data, '\x1b', size);
    g_autofree char *escapes = text_clean(data, (gssize)size, 100, TRUE);
    g_assert_cmpstr(escapes, ==, "");
    memset(data, ' ', size);
    data[size - 1] = 'x';
    g_autofree char *blanks = text_clean(data, (gssize)size, 100, TRUE);
    g_assert_cmpstr(blanks, ==, "x");
    memset(data, '\n', size);
    g_autofree char *lines = text_clean(data, (gssize)size, 100, FALSE);
    g_assert_cmpstr(lines, ==, "");
    memset(data, '?', size);
    memcpy(data, "http://h", 8);
    data[size - 1] = '\0';
    g_autofree char *query = text_redact(data);
    g_assert_cmpstr(query, ==, "http://h?***");
    memset(data, '\\', size - 1);
    g_autofree char *slashes = text_redact(data);
    g_assert_cmpuint(strlen(slashes), ==, size - 1);
    /* Anything quadratic takes hours here. */
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 60 * G_USEC_PER_SEC);
}

static void
test_redact(void)
{
    static const Pair pairs[] = {
        {"", ""},
        {"no url? none", "no url? none"},
        {"get https://h/p?X-Amz-Signature=abc&b=c now", "get https://h/p?*** now"},
        {"https://h/p", "https://h/p"},
        {"is it https://h/p? yes", "is it https://h/p? yes"},
        {"mqtts://me:secret@h:8883/x", "mqtts://***@h:8883/x"},
        {"https://a@b:c@h?x", "https://***@h?***"},
        {"(https://h/p?a=1), [https://i/q?b=2].", "(https://h/p?***), [https://i/q?***]."},
        {"https://h/p?a=1,https://u:p@i/q?b=2", "https://h/p?***,https://***@i/q?***"},
        {"https://h/p?next=https://i/q?b=2 end", "https://h/p?*** end"},
        {"{\"url\":\"https://h/p?a\\u0026b=secret\",\"n\":1}",
         "{\"url\":\"https://h/p?***\",\"n\":1}"},
        {"\"https:\\/\\/me:pw@h\\/p?a=secret\"", "\"https:\\/\\/***@h\\/p?***\""},
        {"\"{\\\"u\\\":\\\"https:\\\\/\\\\/h\\\\/p?a=secret\\\"}\"",
         "\"{\\\"u\\\":\\\"https:\\\\/\\\\/h\\\\/p?***\\\"}\""},
        {"https://h/p\\u003fa\\u003dsecret", "https://h/p\\u003f***"},
        {"https://h/p?a=1\\nnext", "https://h/p?***\\nnext"},
        {"curl 'https://h/p?a=1' -o 'f'", "curl 'https://h/p?***' -o 'f'"},
        {"https://h/p#token=secret", "https://h/p#***"},
        {"https://h/p?***", "https://h/p?***"},
        {"https://***@h/", "https://***@h/"},
        {"https://h/p?a[b]=secret)", "https://h/p?***)"},
        {"x-amz-signature=0af&y=1", "x-amz-signature=***&y=1"},
        {"X-Amz-Credential=AK/2/x, X-Amz-Security-Token=T+/=",
         "X-Amz-Credential=***, X-Amz-Security-Token=***"},
        {"\"X-Amz-Security-Token\": \"tok\", \"n\": 1",
         "\"X-Amz-Security-Token\": \"***\", \"n\": 1"},
        {"X-Amz-Signature%3Dabc", "X-Amz-Signature%3D***"},
        {"X-Amz-Signature\\u003dabc\\u0026y", "X-Amz-Signature\\u003d***\\u0026y"},
        {"Authorization: Bearer a.b.c\nHost: h", "Authorization: ***\nHost: h"},
        {"Authorization: Digest username=\"u\", response=\"secret\"", "Authorization: ***"},
        {"{\"authorization\":\"Basic dTpw\",\"n\":1}", "{\"authorization\":\"***\",\"n\":1}"},
        {"curl -H 'Authorization: Bearer x' -v", "curl -H 'Authorization: ***' -v"},
        {"> Authorization: Bearer x | > Host: h", "> Authorization: *** | > Host: h"},
        {"Authorization: | > Host: h", "Authorization: | > Host: h"},
        {"X-Amz-Signature= | > Host: h", "X-Amz-Signature= | > Host: h"},
        {"authorization failed", "authorization failed"},
        {"X-Amz-Signature", "X-Amz-Signature"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *out = text_redact(pairs[i].in);
        g_autofree char *again = text_redact(out);
        g_assert_cmpstr(out, ==, pairs[i].out);
        g_assert_cmpstr(again, ==, out);
    }
}

/* Neither colours nor the cut let a credential through. */
static void
test_show(void)
{
    static const Pair pairs[] = {
        {"https://h/" ESC "[1mkey" ESC "[m?token=secret x", "https://h/key?*** x"},
        {"https:\x01//h/p?secret", "https://h/p?***"},
        {"http:/\xe2\x80\x8b/me:secret@h", "http://***@h"},
        {"Authorization: secret\nHost: h\n", "Authorization: *** | Host: h"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *out = text_show(pairs[i].in, -1, 100, FALSE);
        g_autofree char *again = text_show(out, -1, 100, FALSE);
        g_assert_cmpstr(out, ==, pairs[i].out);
        g_assert_cmpstr(again, ==, out);
    }
    g_autofree char *tail = text_show("see https://h/p?secret end", -1, 10, TRUE);
    g_assert_cmpstr(tail, ==, "/p?*** end");
    g_autofree char *none = text_show(NULL, -1, 10, FALSE);
    g_assert_cmpstr(none, ==, "");
}

static void
test_words(void)
{
    g_assert_true(text_is_word("timed-out", 9));
    g_assert_false(text_is_word("timed-out", 8));
    g_assert_false(text_is_word("", 8));
    g_assert_false(text_is_word(NULL, 8));
    g_assert_false(text_is_word("Timed", 8));
    g_assert_false(text_is_word("a b", 8));
    g_assert_true(text_is_name("aZ09_-:", ":_-", 7));
    g_assert_false(text_is_name("aZ09_-:", ":_-", 6));
    g_assert_false(text_is_name("aZ09_-:", "_-", 7));
    g_assert_false(text_is_name("", "_-", 7));
    g_assert_false(text_is_name(NULL, "_-", 7));
    g_assert_false(text_is_name("\xc3\xa4", "_-", 7));
    g_assert_true(text_is_utf8("\xc3\xa4", 2));
    g_assert_true(text_is_utf8("", 0));
    g_assert_false(text_is_utf8("\xc3\xa4", 1));
    g_assert_false(text_is_utf8("a\0b", 3));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/clean", test_clean);
    g_test_add_func("/text/cut", test_cut);
    g_test_add_func("/text/random", test_random);
    g_test_add_func("/text/large", test_large);
    g_test_add_func("/text/redact", test_redact);
    g_test_add_func("/text/show", test_show);
    g_test_add_func("/text/words", test_words);
    return g_test_run();
}
