/* Asks for streams in every wrong way; each must be answered at once. */
#include "zoo.h"

#include <string.h>

static int32_t
refuse_block(void *data, uint32_t index, const void *bytes, uint32_t length)
{
    return -EIO;
}

static int
describes_badly(errand_job *job)
{
    static const char *const names[] = {NULL, "", "a/b", "a:b", "+", "\xff"};
    char too_long[200];
    errand_stream_file found = {.struct_size = sizeof found};
    errand_stream_file small = {.struct_size = 8};

    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (errand_stream_describe(job, names[i], ERRAND_STREAM_CBOR, 0, &found) != -EINVAL)
            return 0;
    return errand_stream_describe(job, too_long, ERRAND_STREAM_CBOR, 0, &found) == -EINVAL &&
           errand_stream_describe(job, "s", 2, 0, &found) == -EINVAL &&
           errand_stream_describe(job, "s", -1, 0, &found) == -EINVAL &&
           errand_stream_describe(job, "s", ERRAND_STREAM_JSON, 256, &found) == -EINVAL &&
           errand_stream_describe(job, "s", ERRAND_STREAM_JSON, -1, &found) == -EINVAL &&
           errand_stream_describe(job, "s", ERRAND_STREAM_JSON, 0, NULL) == -EINVAL &&
           errand_stream_describe(job, "s", ERRAND_STREAM_JSON, 0, &small) == -EINVAL;
}

static const errand_stream_request good = {.struct_size = sizeof good,
                                           .stream = "s",
                                           .version = -1,
                                           .size = 1000,
                                           .block_size = 256,
                                           .block = refuse_block};

#define GETS(member, value, answer)                                                                \
    (request = good, request.member = (value), errand_stream_get(job, &request) == (answer))

static int
gets_badly(errand_job *job)
{
    static const uint8_t none[1];
    errand_stream_request request;

    return errand_stream_get(job, NULL) == -EINVAL && GETS(struct_size, 8, -EINVAL) &&
           GETS(struct_size, 0, -EINVAL) && GETS(block, NULL, -EINVAL) &&
           GETS(stream, NULL, -EINVAL) && GETS(stream, "a b", -EINVAL) &&
           GETS(format, 7, -EINVAL) && GETS(file, -1, -EINVAL) && GETS(size, -1, -EINVAL) &&
           GETS(size, INT64_MAX, -EINVAL) && GETS(block_size, 0, -EINVAL) &&
           GETS(block_size, 255, -EINVAL) && GETS(block_size, UINT32_MAX, -EINVAL) &&
           GETS(first, UINT32_MAX, -EINVAL) && GETS(size, 0, 0) && GETS(wanted, none, 0);
}

static int
gets_too_large_a_bitmap(errand_job *job)
{
    static const uint8_t wanted[12289];
    errand_stream_request request = good;

    request.wanted = wanted;
    request.wanted_size = sizeof wanted;
    return errand_stream_get(job, &request) == -EINVAL;
}

static int32_t
run(errand_job *job)
{
    if (!describes_badly(job))
        return errand_fail(job, "accepted", "a bad question about a stream was taken");
    if (!gets_badly(job) || !gets_too_large_a_bitmap(job))
        return errand_fail(job, "accepted", "a bad request for blocks was taken");
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    errand_stream_file found = {.struct_size = sizeof found};

    if (errand_stream_describe(job, "s", ERRAND_STREAM_CBOR, 0, &found) != -EPERM ||
        errand_stream_get(job, &good) != -EPERM)
        return errand_reject(job, "accepted", "a check may ask for streams");
    return ERRAND_SUCCEEDED;
}

ZOO_WITH("stream-misuse", check, run);
