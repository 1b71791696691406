/* No fault of its own: describes and gets as the document says, and tells as details what came.
 *
 *   stream, format ("json" or "cbor"), file
 *   describe   true: detail "described" is "VERSION SIZE" or the errno
 *   version, size, block-size, first   for one get; detail "got" is what it answered, "blocks" the
 *              numbers of the blocks and the first character of each
 *   refuse     true: the second block is refused with -ENOSPC
 *   nested     true: the block function asks for a stream; detail "nested" is the answer
 */
#include "zoo.h"

#include <string.h>

typedef struct {
    errand_job *job;
    char blocks[1024];
    int count;
    int refuse;
    int nested;
    errand_stream_request request;
} Reader;

static int64_t
number(errand_job *job, const char *pointer)
{
    int64_t value = 0;

    return errand_get_int(job, pointer, &value) == 0 ? value : 0;
}

static int
is_set(errand_job *job, const char *pointer)
{
    int32_t value = 0;

    return errand_get_bool(job, pointer, &value) == 0 && value;
}

static void
tell(errand_job *job, const char *key, int64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)value);
    errand_detail(job, key, text);
}

static int32_t
on_block(void *data, uint32_t index, const void *bytes, uint32_t length)
{
    Reader *self = data;
    size_t used = strlen(self->blocks);

    if (self->refuse && self->count == 1)
        return -ENOSPC;
    if (self->nested && self->count == 0)
        tell(self->job, "nested", errand_stream_get(self->job, &self->request));
    self->count++;
    snprintf(self->blocks + used, sizeof self->blocks - used, "%s%u%c", used > 0 ? " " : "", index,
             *(const char *)bytes);
    return 0;
}

static void
describe(errand_job *job, const char *stream, int32_t format)
{
    errand_stream_file found = {.struct_size = sizeof found};
    char text[64];
    int32_t result =
        errand_stream_describe(job, stream, format, (int32_t)number(job, "/file"), &found);

    snprintf(text, sizeof text, "%d %lld", found.version, (long long)found.size);
    if (result == 0)
        errand_detail(job, "described", text);
    else
        tell(job, "described", result);
}

static int32_t
run(errand_job *job)
{
    const char *stream = errand_get_string(job, "/stream");
    const char *format = errand_get_string(job, "/format");
    int32_t number_of_format =
        format != NULL && strcmp(format, "json") == 0 ? ERRAND_STREAM_JSON : ERRAND_STREAM_CBOR;
    Reader self = {.job = job, .refuse = is_set(job, "/refuse"), .nested = is_set(job, "/nested")};

    if (is_set(job, "/describe"))
        describe(job, stream, number_of_format);
    if (number(job, "/size") == 0)
        return ERRAND_SUCCEEDED;
    self.request = (errand_stream_request){.struct_size = sizeof self.request,
                                           .format = number_of_format,
                                           .stream = stream,
                                           .file = (int32_t)number(job, "/file"),
                                           .version = (int32_t)number(job, "/version"),
                                           .size = number(job, "/size"),
                                           .block_size = (uint32_t)number(job, "/block-size"),
                                           .first = (uint32_t)number(job, "/first"),
                                           .block = on_block,
                                           .data = &self};
    tell(job, "got", errand_stream_get(job, &self.request));
    errand_detail(job, "blocks", self.blocks);
    return ERRAND_SUCCEEDED;
}

ZOO("stream-reader", run);
