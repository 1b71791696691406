#include "history-line.h"

#include <json-glib/json-glib.h>

static void
add_text(JsonObject *object, const char *key, const char *value)
{
    if (value) {
        json_object_set_string_member(object, key, value);
    }
}

char *
history_line(const JobRecord *record, const char *outcome, const char *time)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) node = json_node_alloc();

    add_text(object, "time", time);
    add_text(object, "jobId", record->id->job_id);
    json_object_set_int_member(object, "executionNumber", record->id->number);
    json_object_set_int_member(object, "queuedAt", record->id->queued_at);
    add_text(object, "outcome", outcome);
    add_text(object, "reason", details_get(record->details, "reason"));
    add_text(object, "message", details_get(record->details, "message"));
    json_node_init_object(node, object);
    return json_to_string(node, FALSE);
}

/* No id has a character that JSON would escape. */
char *
history_line_words(const ExecutionId *id)
{
    return g_strdup_printf("\"jobId\":\"%s\",\"executionNumber\":%" G_GINT64_FORMAT
                           ",\"queuedAt\":%" G_GINT64_FORMAT ",",
                           id->job_id, id->number, id->queued_at);
}
