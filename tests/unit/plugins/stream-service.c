#include "stream-service.h"

#include <errno.h>

StreamService *service;

void
stream_service_begin(gsize size)
{
    guchar *bytes = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++)
        bytes[i] = (guchar)g_test_rand_int();
    service = g_new0(StreamService, 1);
    service->content = g_bytes_new_take(bytes, size);
    service->version = 1;
    service->answer_blocks = 32;
    service->sent = g_new0(gboolean, size / 256 + 1);
}

void
stream_service_end(void)
{
    g_bytes_unref(service->content);
    g_free(service->sent);
    g_clear_pointer(&service, g_free);
}

static int32_t
describe(errand_job *job, const char *stream, int32_t format, int32_t file,
         errand_stream_file *found)
{
    service->n_described++;
    if (service->describe_errors-- > 0)
        return service->describe_error;
    if (g_strcmp0(stream, "s-1") != 0 || file != 3)
        return -ENOENT;
    found->version = service->version;
    found->size = (int64_t)g_bytes_get_size(service->content);
    return 0;
}

static gboolean
is_wanted(const errand_stream_request *request, guint index)
{
    guint bit = index - request->first;

    if (index < request->first)
        return FALSE;
    return request->wanted == NULL ||
           (bit / 8 < request->wanted_size && (request->wanted[bit / 8] >> bit % 8 & 1) != 0);
}

static int32_t
send_block(const errand_stream_request *request, guint index)
{
    gsize size = 0;
    const guchar *bytes = g_bytes_get_data(service->content, &size);
    gsize offset = (gsize)index * request->block_size;

    service->n_sent++;
    service->sent[index] = TRUE;
    return request->block(request->data, index, bytes + offset,
                          (uint32_t)MIN(size - offset, request->block_size));
}

/* The last ones first: in any order is what the header says. */
static int32_t
answer(const errand_stream_request *request)
{
    gsize size = g_bytes_get_size(service->content);
    guint total = (guint)((size + request->block_size - 1) / request->block_size);
    g_autoptr(GArray) chosen = g_array_new(FALSE, FALSE, sizeof(guint));
    int32_t count = 0;

    for (guint i = 0; i < total && chosen->len < service->answer_blocks; i++)
        if (is_wanted(request, i))
            g_array_append_val(chosen, i);
    for (guint i = chosen->len; i > 0; i--) {
        int32_t result;

        if (service->lose_every > 0 && (service->n_gets + i) % service->lose_every == 0)
            continue;
        result = send_block(request, g_array_index(chosen, guint, i - 1));
        if (result < 0)
            return result;
        count++;
    }
    return count;
}

static int32_t
get(errand_job *job, const errand_stream_request *request)
{
    FakeHost *host = (FakeHost *)job;

    service->n_gets++;
    service->format = request->format;
    service->block_size = request->block_size;
    if (service->on_get != NULL)
        service->on_get(service->data);
    if (g_atomic_int_get(&host->cancelled))
        return -ECANCELED;
    if (request->version != -1 && request->version != service->version)
        return -ESTALE;
    if (service->n_gets > service->get_after && service->get_errors > 0) {
        service->get_errors--;
        return service->get_error;
    }
    return answer(request);
}

void
stream_service_attach(FakeHost *host)
{
    host->host.stream_describe = describe;
    host->host.stream_get = get;
}
