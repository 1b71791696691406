#include "plan.h"
#include "scan.h"

#include <json-glib/json-glib.h>
#include <string.h>

static void
accepts(const char *text)
{
    g_autofree char *exact = g_memdup2(text, strlen(text) + 1);
    g_autoptr(GError) error = NULL;

    g_assert_true(scan_text(exact, strlen(text), &error));
    g_assert_no_error(error);
}

/* Copies text without the NUL, so that a read past the end is seen by the sanitizer. */
static void
refuses_bytes(const char *text, gsize length, const char *part)
{
    g_autofree char *exact = g_memdup2(text, length);
    g_autoptr(GError) error = NULL;

    if (scan_text(exact, length, &error))
        g_error("accepted: %s", text);
    g_assert_error(error, PLAN_ERROR, PLAN_ERROR_INVALID_DOCUMENT);
    if (strstr(error->message, part) == NULL)
        g_error("\"%s\" lacks \"%s\"", error->message, part);
}

static void
refuses(const char *text, const char *part)
{
    refuses_bytes(text, strlen(text), part);
}

static void
test_valid(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n{ } \n",
        "null",
        "true",
        "false",
        "\"\"",
        "0",
        "-0",
        "-1.5e+3",
        "1E5",
        "0.0",
        "0e1",
        "9223372036854775807",
        "-9223372036854775808",
        "[1,[2,[3]],{}]",
        "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\x7f\"",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        accepts(texts[i]);
}

static void
test_grammar(void)
{
    refuses("", "value is expected");
    refuses("{", "name in double quotes");
    refuses("[", "value is expected");
    refuses("[1", "before the object or array does");
    refuses("[1 2]", "',' or a closing bracket");
    refuses("[1}", "',' or a closing bracket");
    refuses("{\"a\":1]", "',' or a closing bracket");
    refuses("[1,]", "value is expected");
    refuses("{\"a\":1,}", "name in double quotes");
    refuses("{a:1}", "name in double quotes");
    refuses("{'a':1}", "name in double quotes");
    refuses("{\"a\" 1}", "':' is expected");
    refuses("{\"a\"", "':' is expected");
    refuses("{\"a\":", "value is expected");
    refuses("{} {}", "text after the end");
    refuses("{}//", "text after the end");
    refuses("/* c */{}", "not JSON");
    refuses("var a = {}", "not JSON");
    refuses("nul", "not JSON");
    refuses("tru", "not JSON");
    refuses("NaN", "not JSON");
    refuses("\xef\xbb\xbf{}", "not JSON");
    refuses("]", "not JSON");
}

static void
test_strings(void)
{
    refuses("\"abc", "ends inside a string");
    refuses("\"abc\\", "backslash");
    refuses("\"\\x41\"", "backslash");
    refuses("\"\\u12\"", "four hexadecimal");
    refuses("\"\\u12", "four hexadecimal");
    refuses("\"\\u0000\"", "U+0000");
    refuses("{\"a\\u0000b\":1}", "U+0000");
    refuses("\"\\ud800\"", "first half");
    refuses("\"\\ud800\\u0041\"", "first half");
    refuses("\"\\ud800\\n00000\"", "first half");
    refuses("\"\\udc00\"", "second half");
    refuses("\"a\nb\"", "control character");
    refuses("\"\x01\"", "control character");
    refuses("\"\xff\"", "UTF-8");
    refuses("\"\xed\xa0\x80\"", "UTF-8");
    refuses_bytes("{}\0", 3, "UTF-8 without NUL");
    refuses_bytes("\"a\0b\"", 5, "UTF-8 without NUL");
}

static void
test_numbers(void)
{
    refuses("01", "text after");
    refuses("-", "must have digits");
    refuses("+1", "not JSON");
    refuses(".5", "not JSON");
    refuses("1.", "digits after the point");
    refuses("1e", "digits in the exponent");
    refuses("1e+", "digits in the exponent");
    refuses("0x10", "text after");
    refuses("9223372036854775808", "fit 64 bits");
    refuses("-9223372036854775809", "fit 64 bits");
    refuses("{\"a\":[1,99999999999999999999]}", "at /a/1: an integer must fit 64 bits");
    refuses("1e999", "too large");
    refuses("-1e999", "too large");
}

static void
test_places(void)
{
    refuses("{\"a\":[0,{\"b~/c\":tru}]}", "at /a/1/b~0~1c: this is not JSON");
    refuses("{\"a\":1,\"a\":2}", "at /a: this name stands twice");
    refuses("{\"a\":1,\"\\u0061\":2}", "at /a: this name stands twice");
    refuses("{\"x\":[{\"n\":1,\"o\":1,\"n\":2}]}", "at /x/0/n: this name stands twice");
    refuses("{\"a\":{\"b\":1},\"c\":+}", "at /c: ");
    refuses("{\"x\":{\"a\":1,b:2}}", "at /x: ");
}

static char *
nested(guint depth, char open, char close)
{
    char *text = g_malloc(depth * 2 + 1);

    memset(text, open, depth);
    memset(text + depth, close, depth);
    text[depth * 2] = '\0';
    return text;
}

static void
test_depth(void)
{
    g_autofree char *allowed = nested(PLAN_DEPTH_MAX, '[', ']');
    g_autofree char *deeper = nested(PLAN_DEPTH_MAX + 1, '[', ']');
    g_autofree char *endless = nested(PLAN_DOCUMENT_MAX / 2, '[', ']');

    accepts(allowed);
    refuses(deeper, "at most 32 levels");
    refuses(endless, "at most 32 levels");
}

/* What the scan accepts, json-glib must take as well, or the refusal would be its vague one. */
static void
test_agrees_with_the_parser(void)
{
    static const char *const texts[] = {
        "{\"a\":-0,\"b\":0e1,\"c\":1E5}", "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":-9223372036854775808}", "{\"a\":9223372036854775807}", "{\"\":[[],{}]}"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(texts[i], &error);

        accepts(texts[i]);
        g_assert_no_error(error);
        g_assert_nonnull(node);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/valid", test_valid);
    g_test_add_func("/scan/grammar", test_grammar);
    g_test_add_func("/scan/strings", test_strings);
    g_test_add_func("/scan/numbers", test_numbers);
    g_test_add_func("/scan/places", test_places);
    g_test_add_func("/scan/depth", test_depth);
    g_test_add_func("/scan/agrees-with-the-parser", test_agrees_with_the_parser);
    return g_test_run();
}
