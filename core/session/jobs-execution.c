#include "jobs-execution-read.h"

#include "details.h"
#include "jobs-json.h"
#include "jobs-message.h"
#include "text.h"

#include <string.h>

void
jobs_execution_free(JobsExecution *self)
{
    if (self == NULL)
        return;
    execution_id_free(self->id);
    g_free(self->document);
    g_clear_pointer(&self->details, g_hash_table_unref);
    g_free(self);
}

static GHashTable *
jobs_execution_read_details(JsonObject *object)
{
    GHashTable *details = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    JsonObject *map = jobs_json_object(object, "statusDetails");
    const char *name = NULL;
    JsonObjectIter iter;

    if (map == NULL)
        return details;
    json_object_iter_init_ordered(&iter, map);
    while (json_object_iter_next_ordered(&iter, &name, NULL) &&
           g_hash_table_size(details) < DETAILS_PAIRS_MAX) {
        /* A value has at most DETAILS_VALUE_MAX characters, of up to four bytes. */
        const char *value = jobs_json_string(map, name, DETAILS_VALUE_MAX * 4);
        if (value != NULL && strlen(name) <= DETAILS_KEY_MAX)
            g_hash_table_insert(details, g_strdup(name), g_strdup(value));
    }
    return details;
}

ExecutionId *
jobs_execution_read_id(JsonObject *object, GError **error)
{
    const char *job_id = jobs_json_string(object, "jobId", EXECUTION_JOB_ID_MAX);
    gint64 number = 0;
    gint64 queued_at = 0;

    if (!execution_job_id_valid(job_id)) {
        g_set_error_literal(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                            "jobId is missing or not 1 to 64 characters of [a-zA-Z0-9_-]");
        return NULL;
    }
    if (!jobs_json_integer(object, "executionNumber", &number) || number < 0) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                    "executionNumber of job %s is missing or not a positive number", job_id);
        return NULL;
    }
    if (!jobs_json_integer(object, "queuedAt", &queued_at)) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                    "queuedAt of job %s is missing or not a number", job_id);
        return NULL;
    }
    return execution_id_new(job_id, number, queued_at);
}

JobsExecution *
jobs_execution_read(JsonObject *object, const char *thing_name, GError **error)
{
    ExecutionStatus status = EXECUTION_FAILED;
    g_autoptr(ExecutionId) id = jobs_execution_read_id(object, error);

    if (id == NULL)
        return NULL;
    const char *thing = jobs_json_string(object, "thingName", G_MAXSIZE);
    if (thing != NULL && strcmp(thing, thing_name) != 0) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                    "the execution of job %s belongs to another thing", id->job_id);
        return NULL;
    }
    if (!execution_status_from_word(jobs_json_string(object, "status", 32), &status)) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                    "status of job %s is missing or not one of the service's words", id->job_id);
        return NULL;
    }

    JobsExecution *self = g_new0(JobsExecution, 1);
    self->id = g_steal_pointer(&id);
    self->status = status;
    self->seconds_left = -1;
    jobs_json_integer(object, "versionNumber", &self->version);
    jobs_json_integer(object, "approximateSecondsBeforeTimedOut", &self->seconds_left);
    self->details = jobs_execution_read_details(object);
    return self;
}
