/* The lines of an HTTP answer, each as libcurl hands it over. */
#include "fuzz.h"
#include "response.h"

#include <stdlib.h>

static void
check_text(const char text[IDENTITY_TEXT_SIZE])
{
    g_assert_nonnull(memchr(text, '\0', IDENTITY_TEXT_SIZE));
    g_assert_null(strpbrk(text, "\r\n"));
}

static void
check(const Response *response)
{
    g_assert_true(response->status == 0 || (response->status >= 100 && response->status <= 999));
    g_assert_cmpint(response->identity.total, >=, -1);
    g_assert_true(!response->complete || response->status >= 200);
    if (response->has_range) {
        g_assert_cmpint(response->start, >=, 0);
        g_assert_cmpint(response->start, <, response->identity.total);
        g_assert_cmpint(response->identity.total, <, G_MAXINT64);
    }
    if (!response->has_range && response->status != 200)
        g_assert_cmpint(response->identity.total, ==, -1);
    check_text(response->identity.etag);
    check_text(response->identity.modified);
}

static void
feed(Response *response, const uint8_t *line, size_t length)
{
    g_autofree char *copy = g_memdup2(line, length);
    g_autofree char *text = fuzz_string(line, length);
    bool was_complete = response->complete;

    response_line(response, copy, length);
    check(response);
    if (response->complete && !was_complete)
        g_assert_true(strlen(text) == length && strspn(text, " \t\r\n") == length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Response response = {.identity.total = -1};

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end != NULL ? (size_t)(end - data) + 1 : size;

        feed(&response, data, length);
        data += length;
        size -= length;
    }
    return 0;
}
