/* The host calls that read the document. */
#include "fake-host.h"

#include <errno.h>
#include <string.h>

#define SELF(job) ((FakeHost *)(job))

static JsonNode *
member(JsonNode *node, const char *name)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_object_get_member(json_node_get_object(node), name);
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        guint64 index = 0;
        JsonArray *array = json_node_get_array(node);

        if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &index, NULL) &&
            index < json_array_get_length(array))
            return json_array_get_element(array, (guint)index);
    }
    return NULL;
}

static JsonNode *
find(errand_job *job, const char *pointer)
{
    JsonNode *node = json_parser_get_root(SELF(job)->document);
    g_auto(GStrv) words = g_strsplit(pointer, "/", -1);

    for (guint i = 1; words[0] != NULL && words[i] != NULL && node != NULL; i++)
        node = member(node, words[i]);
    return node;
}

static const char *
host_document(errand_job *job, size_t *length)
{
    const char *text = json_to_string(json_parser_get_root(SELF(job)->document), FALSE);

    g_ptr_array_add(SELF(job)->kept, (gpointer)text);
    if (length != NULL)
        *length = strlen(text);
    return text;
}

static int32_t
host_get_type(errand_job *job, const char *pointer)
{
    JsonNode *node = find(job, pointer);

    if (node == NULL)
        return ERRAND_TYPE_NONE;
    if (JSON_NODE_HOLDS_OBJECT(node))
        return ERRAND_TYPE_OBJECT;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return ERRAND_TYPE_ARRAY;
    if (JSON_NODE_HOLDS_NULL(node))
        return ERRAND_TYPE_NULL;
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return ERRAND_TYPE_STRING;
    case G_TYPE_INT64:
        return ERRAND_TYPE_INT;
    case G_TYPE_BOOLEAN:
        return ERRAND_TYPE_BOOL;
    default:
        return ERRAND_TYPE_NUMBER;
    }
}

static const char *
host_get_string(errand_job *job, const char *pointer)
{
    if (host_get_type(job, pointer) != ERRAND_TYPE_STRING)
        return NULL;
    return json_node_get_string(find(job, pointer));
}

static int32_t
host_get_int(errand_job *job, const char *pointer, int64_t *value)
{
    int32_t type = host_get_type(job, pointer);

    if (type == ERRAND_TYPE_INT)
        *value = json_node_get_int(find(job, pointer));
    return type == ERRAND_TYPE_INT ? 0 : type == ERRAND_TYPE_NONE ? -ENOENT : -EINVAL;
}

static int32_t
host_get_bool(errand_job *job, const char *pointer, int32_t *value)
{
    int32_t type = host_get_type(job, pointer);

    if (type == ERRAND_TYPE_BOOL)
        *value = json_node_get_boolean(find(job, pointer));
    return type == ERRAND_TYPE_BOOL ? 0 : type == ERRAND_TYPE_NONE ? -ENOENT : -EINVAL;
}

static int32_t
host_get_length(errand_job *job, const char *pointer)
{
    JsonNode *node = find(job, pointer);

    if (node != NULL && JSON_NODE_HOLDS_ARRAY(node))
        return (int32_t)json_array_get_length(json_node_get_array(node));
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        return (int32_t)json_object_get_size(json_node_get_object(node));
    return node == NULL ? -ENOENT : -EINVAL;
}

static const char *
host_get_key(errand_job *job, const char *pointer, int32_t index)
{
    JsonNode *node = find(job, pointer);
    g_autoptr(GList) names = NULL;

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    names = json_object_get_members(json_node_get_object(node));
    return g_list_nth_data(names, (guint)index);
}

void
fake_host_fill_document(errand_host *table)
{
    table->document = host_document;
    table->get_string = host_get_string;
    table->get_int = host_get_int;
    table->get_bool = host_get_bool;
    table->get_length = host_get_length;
    table->get_type = host_get_type;
    table->get_key = host_get_key;
}
