#include "expect.h"

#include "document.h"

#include <stdbool.h>
#include <string.h>

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool
parse_digest(const char *text, unsigned char *digest, size_t length)
{
    if (strlen(text) != length * 2)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = hex_digit(text[i * 2]), low = hex_digit(text[i * 2 + 1]);

        if (high < 0 || low < 0)
            return false;
        digest[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static int32_t
read_digest(errand_job *job, const char *key, const char *hash, size_t length, Fetch *fetch)
{
    const char *text;
    int32_t verdict = document_string(job, key, &text);

    if (verdict != ERRAND_SUCCEEDED || text == NULL)
        return verdict;
    if (fetch->hash != NULL)
        return errand_reject(job, "invalid-document", "give \"sha256\" or \"sha512\", not both");
    fetch->hash = hash;
    fetch->digest_length = length;
    if (parse_digest(text, fetch->digest, length))
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "invalid-document", "\"%s\" must be %zu hexadecimal digits", key,
                         length * 2);
}

static int32_t
read_size(errand_job *job, Fetch *fetch)
{
    if (errand_get_type(job, "/size") <= ERRAND_TYPE_NULL)
        return ERRAND_SUCCEEDED;
    if (errand_get_int(job, "/size", &fetch->size) != 0 || fetch->size < 0)
        return errand_reject(job, "invalid-document", "\"size\" must be a number of bytes");
    return ERRAND_SUCCEEDED;
}

int32_t
expect_read(errand_job *job, Fetch *fetch)
{
    int32_t verdict = read_digest(job, "sha256", "SHA256", 32, fetch);

    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_digest(job, "sha512", "SHA512", 64, fetch);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_size(job, fetch);
    return verdict;
}
