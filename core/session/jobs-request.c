/* The writing half of jobs-message.h: bodies of requests. */
#include "jobs-message.h"

#include "jobs-json.h"

static JsonBuilder *
jobs_request_begin(const char *token)
{
    JsonBuilder *builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "clientToken");
    json_builder_add_string_value(builder, token);
    return builder;
}

static char *
jobs_request_end(JsonBuilder *builder)
{
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return jobs_json_text(root);
}

static void
jobs_request_add_integer(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void
jobs_request_add_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, value);
}

char *
jobs_message_list(const char *token)
{
    g_autoptr(JsonBuilder) builder = jobs_request_begin(token);

    return jobs_request_end(builder);
}

char *
jobs_message_start_next(const char *token, const char *marker_key, const char *marker_value)
{
    g_autoptr(JsonBuilder) builder = jobs_request_begin(token);

    json_builder_set_member_name(builder, "statusDetails");
    json_builder_begin_object(builder);
    jobs_request_add_string(builder, marker_key, marker_value);
    json_builder_end_object(builder);
    return jobs_request_end(builder);
}

char *
jobs_message_describe(const char *token, gint64 number, gboolean include_document)
{
    g_autoptr(JsonBuilder) builder = jobs_request_begin(token);

    if (number > 0)
        jobs_request_add_integer(builder, "executionNumber", number);
    json_builder_set_member_name(builder, "includeJobDocument");
    json_builder_add_boolean_value(builder, include_document);
    return jobs_request_end(builder);
}

static void
jobs_request_add_detail(const char *key, const char *value, DetailsOrigin origin,
                        gpointer user_data)
{
    jobs_request_add_string(user_data, key, value);
}

char *
jobs_message_update(const char *token, const JobsUpdate *update)
{
    g_autoptr(JsonBuilder) builder = jobs_request_begin(token);

    jobs_request_add_string(builder, "status", execution_status_to_word(update->status));
    if (update->id->number > 0)
        jobs_request_add_integer(builder, "executionNumber", update->id->number);
    if (update->details != NULL) {
        json_builder_set_member_name(builder, "statusDetails");
        json_builder_begin_object(builder);
        details_foreach_sent(update->details, jobs_request_add_detail, builder);
        json_builder_end_object(builder);
    }
    if (update->step_timeout_minutes == EXECUTION_NO_STEP_TIMER)
        jobs_request_add_integer(builder, "stepTimeoutInMinutes", -1);
    else if (update->step_timeout_minutes > 0)
        jobs_request_add_integer(builder, "stepTimeoutInMinutes",
                                 (gint64)update->step_timeout_minutes);
    if (update->include_document) {
        json_builder_set_member_name(builder, "includeJobDocument");
        json_builder_add_boolean_value(builder, TRUE);
    }
    return jobs_request_end(builder);
}
