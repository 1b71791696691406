/* What the URL of a signature leads to. Whatever a second reader (jansson) takes for an object is
 * one here, too, with the same members. */
#include "base64.h"
#include "codesign.h"
#include "fuzz.h"
#include "members.h"

#include <jansson.h>

/* Nesting that must be taken, the object itself included. */
#define DEPTH_TAKEN 16

typedef struct {
    json_t *object;
    size_t seen;
} Reading;

static unsigned
depth_of(json_t *node)
{
    unsigned deepest = 0;
    const char *key;
    json_t *value;
    size_t index;

    json_object_foreach(node, key, value)
    {
        deepest = MAX(deepest, depth_of(value));
    }
    json_array_foreach(node, index, value)
    {
        deepest = MAX(deepest, depth_of(value));
    }
    return json_is_object(node) || json_is_array(node) ? deepest + 1 : 0;
}

static bool
count(void *data, const Member *member)
{
    Reading *reading = data;

    g_assert_nonnull(memchr(member->name, '\0', sizeof member->name));
    g_assert_nonnull(memchr(member->text, '\0', sizeof member->text));
    reading->seen++;
    return true;
}

/* Every name is there once. */
static bool
compare(void *data, const Member *member)
{
    Reading *reading = data;
    json_t *value = json_object_get(reading->object, member->name);

    if (*member->name == '\0' || !g_str_is_ascii(member->name))
        return true;
    g_assert_nonnull(value);
    if (member->type == MEMBER_STRING && g_str_is_ascii(member->text))
        g_assert_cmpstr(json_string_value(value), ==, member->text);
    if (member->type == MEMBER_INT)
        g_assert_cmpint(json_integer_value(value), ==, member->number);
    if (json_is_integer(value) && ABS((gdouble)json_integer_value(value)) < 1e15)
        g_assert_cmpint(member->type, ==, MEMBER_INT);
    return true;
}

static void
check_members(const char *text, size_t size)
{
    /* jansson passes over a NUL between two tokens. */
    bool comparable = memchr(text, '\0', size) == NULL;
    Reading reading = {.object = comparable ? json_loadb(text, size, 0, NULL) : NULL};
    bool good = members_read(text, size, count, &reading);

    if (json_is_object(reading.object) && depth_of(reading.object) <= DEPTH_TAKEN)
        g_assert_true(good);
    if (json_is_object(reading.object) && good && json_object_size(reading.object) == reading.seen)
        g_assert_true(members_read(text, size, compare, &reading));
    json_decref(reading.object);
}

static void
check_codesign(const char *text, size_t size)
{
    char fault[CODESIGN_FAULT_SIZE] = "";
    Codesign codesign;

    if (!codesign_parse(&codesign, text, size, fault)) {
        g_assert_nonnull(memchr(fault, '\0', sizeof fault));
        g_assert_cmpint(*fault, !=, '\0');
        return;
    }
    g_assert_nonnull(codesign.algorithm);
    g_assert_cmpuint(codesign.length, >, 0);
    g_assert_cmpuint(codesign.length, <=, sizeof codesign.bytes);
    g_assert_cmpint(codesign.size, >=, -1);
}

/* One text for the same bytes. */
static void
check_base64(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_string(data, size);
    unsigned char bytes[256];
    size_t length;

    if (base64_decode(text, bytes, sizeof bytes, &length)) {
        g_autofree char *again = g_base64_encode(bytes, length);

        g_assert_cmpstr(text, ==, again);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";

    check_members(text, size);
    check_codesign(text, size);
    check_base64(data, size);
    return 0;
}
