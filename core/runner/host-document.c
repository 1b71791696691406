#include "host-private.h"

#include <errno.h>

/* The current document; never freed while the process lives. */
static const Document *
current(Host *self)
{
    const Document *document;

    g_mutex_lock(&self->lock);
    document = g_ptr_array_index(self->documents, self->documents->len - 1);
    g_mutex_unlock(&self->lock);
    return document;
}

static json_t *
find(errand_job *job, const char *pointer)
{
    return pointer == NULL ? NULL : document_find(current((Host *)job), pointer);
}

const char *
host_document(errand_job *job, size_t *length)
{
    const Document *document = current((Host *)job);

    if (length != NULL)
        *length = document->length;
    return document->text;
}

const char *
host_get_string(errand_job *job, const char *pointer)
{
    json_t *node = find(job, pointer);

    return document_type(node) == ERRAND_TYPE_STRING ? json_string_value(node) : NULL;
}

/* 0 when a node of that type was found. */
static int32_t
find_typed(errand_job *job, const char *pointer, int type, json_t **node)
{
    if (pointer == NULL)
        return -EINVAL;
    *node = find(job, pointer);
    if (*node == NULL)
        return -ENOENT;
    return document_type(*node) == type ? 0 : -EINVAL;
}

int32_t
host_get_int(errand_job *job, const char *pointer, int64_t *value)
{
    json_t *node = NULL;
    int32_t result = value == NULL ? -EINVAL : find_typed(job, pointer, ERRAND_TYPE_INT, &node);

    if (result == 0)
        *value = json_integer_value(node);
    return result;
}

int32_t
host_get_bool(errand_job *job, const char *pointer, int32_t *value)
{
    json_t *node = NULL;
    int32_t result = value == NULL ? -EINVAL : find_typed(job, pointer, ERRAND_TYPE_BOOL, &node);

    if (result == 0)
        *value = json_is_true(node) ? 1 : 0;
    return result;
}

int32_t
host_get_length(errand_job *job, const char *pointer)
{
    json_t *node = NULL;

    if (pointer == NULL)
        return -EINVAL;
    node = find(job, pointer);
    if (node == NULL)
        return -ENOENT;
    if (json_is_array(node))
        return (int32_t)json_array_size(node);
    if (json_is_object(node))
        return (int32_t)json_object_size(node);
    return -EINVAL;
}

int32_t
host_get_type(errand_job *job, const char *pointer)
{
    return document_type(find(job, pointer));
}

const char *
host_get_key(errand_job *job, const char *pointer, int32_t index)
{
    return document_key(find(job, pointer), index);
}

int32_t
host_refresh_document(errand_job *job)
{
    Host *self = (Host *)job;
    g_autoptr(Packet) question = packet_new(PACKET_REFRESH);
    g_autoptr(Packet) answer = NULL;
    g_autoptr(GError) error = NULL;
    Document *document;
    int result;

    if (!host_is_running(self))
        return -EPERM;
    result = client_ask(self->client, question, PACKET_DOCUMENT, &answer);
    if (result < 0)
        return result;
    if (answer->error_number != 0)
        return -answer->error_number;
    if (answer->text != NULL || answer->document == NULL)
        return -EIO;
    document = document_new(answer->document, &error);
    if (document == NULL) {
        g_autofree char *text =
            g_strdup_printf("the document fetched anew is useless: %s", error->message);

        host_log(job, ERRAND_LOG_WARNING, text);
        return -EBADMSG;
    }
    g_mutex_lock(&self->lock);
    g_ptr_array_add(self->documents, document);
    g_mutex_unlock(&self->lock);
    return 0;
}
