/* Messages of streams that nobody should send: each is refused, with a reason that quotes nothing
 * of it. */
#include "stream-message.h"

#include <string.h>

static void
refuse(StreamFormat format, StreamTopic topic, const void *bytes, gsize length, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StreamMessage) message = stream_message_parse(format, topic, bytes, length, &error);

    g_assert_null(message);
    g_assert_nonnull(error);
    if (strstr(error->message, why) == NULL)
        g_error("\"%s\" does not say \"%s\"", error->message, why);
}

static void
test_json_data(void)
{
    static const struct {
        const char *text;
        const char *why;
    } faults[] = {
        {"", "not one JSON object"},
        {"[]", "array"},
        {"{\"f\":0,\"l\":1,\"i\":0}", "p: is missing"},
        {"{\"f\":0,\"l\":1,\"p\":\"AA==\"}", "i: is not the number of a block"},
        {"{\"l\":1,\"i\":0,\"p\":\"AA==\"}", "f: is not a file id"},
        {"{\"f\":0,\"i\":0,\"p\":\"AA==\"}", "l: is not the length"},
        {"{\"f\":256,\"l\":1,\"i\":0,\"p\":\"AA==\"}", "f: is not a file id"},
        {"{\"f\":-1,\"l\":1,\"i\":0,\"p\":\"AA==\"}", "f: is negative"},
        {"{\"f\":0.5,\"l\":1,\"i\":0,\"p\":\"AA==\"}", "f: has a wrong type"},
        {"{\"f\":\"0\",\"l\":1,\"i\":0,\"p\":\"AA==\"}", "f: has a wrong type"},
        {"{\"f\":0,\"l\":1,\"i\":98304,\"p\":\"AA==\"}", "i: is not the number"},
        {"{\"f\":0,\"l\":2,\"i\":0,\"p\":\"AA==\"}", "p: is not as long"},
        {"{\"f\":0,\"l\":0,\"i\":0,\"p\":\"\"}", "l: is not the length"},
        {"{\"f\":0,\"l\":131073,\"i\":0,\"p\":\"AA==\"}", "l: is not the length"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":7}", "p: has a wrong type"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":\"AA\"}", "not base64"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":\"AA=A\"}", "not base64"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":\"A===\"}", "not base64"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":\"AA =\"}", "not base64"},
        {"{\"f\":0,\"l\":1,\"i\":0,\"p\":\"A-==\"}", "not base64"},
        {"{\"f\":0,\"f\":0,\"l\":1,\"i\":0,\"p\":\"AA==\"}", "twice"},
        {"{\"c\":7,\"f\":0,\"l\":1,\"i\":0,\"p\":\"AA==\"}", "c: has a wrong type"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        refuse(STREAM_JSON, STREAM_DATA, faults[i].text, strlen(faults[i].text), faults[i].why);
}

static void
test_json_rest(void)
{
    static const struct {
        StreamTopic topic;
        const char *text;
        const char *why;
    } faults[] = {
        {STREAM_DESCRIPTION, "{\"r\":[]}", "s: is missing"},
        {STREAM_DESCRIPTION, "{\"s\":1}", "r: is missing"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":{}}", "r: has a wrong type"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[7]}", "without an id"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[{\"z\":1}]}", "without an id"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[{\"f\":256,\"z\":1}]}", "without an id"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[{\"f\":1}]}", "without a size"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[{\"f\":1,\"z\":-1}]}", "without a size"},
        {STREAM_DESCRIPTION, "{\"s\":1,\"r\":[{\"f\":1,\"z\":1},{\"f\":1,\"z\":2}]}", "twice"},
        {STREAM_REJECTED, "{\"m\":\"why\"}", "o: is missing"},
        {STREAM_REJECTED, "{\"o\":7}", "o: has a wrong type"},
        {STREAM_REJECTED, "{\"o\":\"a\",\"code\":\"b\"}", "twice"},
        {STREAM_REJECTED,
         "{\"o\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
         "too long"},
        {STREAM_GET, "{}", "on topic get"},
        {STREAM_DESCRIBE, "{}", "on topic describe"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        refuse(STREAM_JSON, faults[i].topic, faults[i].text, strlen(faults[i].text), faults[i].why);
}

#define CBOR(text, why)                                                                            \
    {                                                                                              \
        (text), sizeof(text) - 1, (why)                                                            \
    }

/* What is right ends in a block of one byte: f 0, l 1, i 0, p 0x00. */
#define REST "\x61l\x01\x61i\x00\x61p\x41\x00"

static const struct {
    const char *bytes;
    gsize length;
    const char *why;
} cbor_faults[] = {
    CBOR("", "not one CBOR map"),
    CBOR("\x80", "not one CBOR map"),
    CBOR("\xff", "not one CBOR map"),
    CBOR("\x1c", "not one CBOR map"),
    CBOR("\xa4\x61"
         "f\x00" REST "\x00",
         "not one CBOR map"),
    CBOR("\xa4\x61"
         "f\x00\x61l\x01\x61i\x00\x61p\x41",
         "not one CBOR map"),
    CBOR("\xa5\x61"
         "f\x00" REST,
         "not one CBOR map"),
    CBOR("\xa4\x61"
         "f\xff" REST,
         "wrong type"),
    CBOR("\xa4\x61"
         "f\xff",
         "wrong type"),
    CBOR("\xbf\x61"
         "f\x00" REST "\x61x\xff",
         "not one CBOR map"),
    CBOR("\xbf\x61"
         "f\x00" REST,
         "not one CBOR map"),
    CBOR("\xa4\x61"
         "f\x19\x01\x00" REST,
         "f: is not a file id"),
    CBOR("\xa4\x61"
         "f\x20" REST,
         "f: is not a file id"),
    CBOR("\xa4\x61"
         "f\x1b\xff\xff\xff\xff\xff\xff\xff\xff" REST,
         "wrong type"),
    CBOR("\xa4\x61"
         "f\x41\x00" REST,
         "wrong type"),
    CBOR("\xa5\x61"
         "f\x00\x61"
         "f\x00" REST,
         "f: is there twice"),
    CBOR("\xa4\x61"
         "f\x00\x61l\x02\x61i\x00\x61p\x41\x00",
         "p: is not as long"),
    CBOR("\xa4\x61"
         "f\x00\x61l\x01\x61i\x00\x61p\x61\x30",
         "p: has a wrong type"),
    CBOR("\xa4\x61"
         "f\x00\x61l\x01\x61i\x00\x61p\x5f\x41\x00\xff",
         "not one CBOR map"),
    CBOR("\xa4\x61"
         "f\x00\x61l\x01\x61i\x00\x61p\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
         "not one CBOR map"),
    CBOR("\xa5\x61x\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "not one CBOR map"),
    CBOR("\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "not one CBOR map"),
    CBOR("\xa5\x61"
         "c\x61\xff\x61"
         "f\x00" REST,
         "c: is not proper text"),
    CBOR("\xa5\x61"
         "c\x61\x00\x61"
         "f\x00" REST,
         "c: is not proper text"),
};

static void
test_cbor_data(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cbor_faults); i++)
        refuse(STREAM_CBOR, STREAM_DATA, cbor_faults[i].bytes, cbor_faults[i].length,
               cbor_faults[i].why);
}

static void
test_cbor_files(void)
{
    static const struct {
        const char *bytes;
        gsize length;
        const char *why;
    } faults[] = {
        CBOR("\xa2\x61s\x01\x61r\x81\x01", "no map"),
        CBOR("\xa2\x61s\x01\x61r\x81\xa1\x61"
             "f\x01",
             "without a size"),
        CBOR("\xa2\x61s\x01\x61r\x81\xa2\x61"
             "f\x01\x61z\x20",
             "bad id or size"),
        CBOR("\xa2\x61s\x01\x61r\x81\xa3\x61"
             "f\x01\x61"
             "f\x01\x61z\x01",
             "bad id or size"),
        CBOR("\xa3\x61s\x01\x61r\x80\x61r\x80", "twice"),
        CBOR("\xa2\x61s\x01\x61r\x81\xff", "not one CBOR map"),
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        refuse(STREAM_CBOR, STREAM_DESCRIPTION, faults[i].bytes, faults[i].length, faults[i].why);
}

/* Deep nesting must not eat the stack. */
static void
test_nesting(void)
{
    GString *text = g_string_new("{\"x\":");
    g_autofree guint8 *bytes = g_malloc(100000);

    for (int i = 0; i < 40000; i++)
        g_string_append_c(text, '[');
    refuse(STREAM_JSON, STREAM_DATA, text->str, text->len, "nested");
    g_string_free(text, TRUE);
    memset(bytes, 0x81, 100000);
    memcpy(bytes, "\xa1\x61x", 3);
    refuse(STREAM_CBOR, STREAM_DATA, bytes, 100000, "not one CBOR map");
    memset(bytes + 3, 0xc1, 100000 - 3);
    refuse(STREAM_CBOR, STREAM_DATA, bytes, 100000, "not one CBOR map");
}

static void
test_too_much(void)
{
    g_autofree char *text = g_strnfill(STREAM_MESSAGE_MAX + 1, ' ');
    GString *files = g_string_new("{\"s\":1,\"r\":[");

    text[0] = '{';
    refuse(STREAM_JSON, STREAM_DATA, text, STREAM_MESSAGE_MAX + 1, "bytes on topic data");
    refuse(STREAM_CBOR, STREAM_DATA, text, STREAM_MESSAGE_MAX + 1, "bytes on topic data");
    for (int i = 0; i <= STREAM_FILES_MAX; i++)
        g_string_append_printf(files, "%s{\"f\":%d,\"z\":1}", i > 0 ? "," : "", i);
    g_string_append(files, "]}");
    refuse(STREAM_JSON, STREAM_DESCRIPTION, files->str, files->len, "without an id");
    g_string_free(files, TRUE);
}

/* Prose may be cut, at a character. */
static void
test_long_prose(void)
{
    GString *text = g_string_new("{\"o\":\"x\",\"m\":\"a");
    g_autoptr(StreamMessage) message = NULL;

    for (int i = 0; i < 1000; i++)
        g_string_append(text, "\xc3\xa4");
    g_string_append(text, "\"}");
    message = stream_message_parse(STREAM_JSON, STREAM_REJECTED, text->str, text->len, NULL);
    g_assert_nonnull(message);
    g_assert_cmpuint(strlen(message->text), ==, STREAM_TEXT_MAX - 1);
    g_assert_true(g_utf8_validate(message->text, -1, NULL));
    g_string_free(text, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-faults/json-data", test_json_data);
    g_test_add_func("/stream-faults/json-rest", test_json_rest);
    g_test_add_func("/stream-faults/cbor-data", test_cbor_data);
    g_test_add_func("/stream-faults/cbor-files", test_cbor_files);
    g_test_add_func("/stream-faults/nesting", test_nesting);
    g_test_add_func("/stream-faults/too-much", test_too_much);
    g_test_add_func("/stream-faults/long-prose", test_long_prose);
    return g_test_run();
}
