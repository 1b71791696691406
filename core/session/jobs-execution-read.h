/* JSON -> JobsExecution. Private to the session library; see jobs-message.h for the rules. */
#pragma once

#include "jobs-execution.h"

#include <json-glib/json-glib.h>

/* An "execution" object. NULL with JOBS_MESSAGE_ERROR_CONTENT when what names it is missing or
 * wrong; a document that is no object is kept, for its refusal is another's business. */
JobsExecution *jobs_execution_read(JsonObject *object, const char *thing_name,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* jobId, executionNumber and queuedAt, which summaries and executions share. NULL with error. */
ExecutionId *jobs_execution_read_id(JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
