/* Messages of the Jobs service: bytes from the broker into checked values, and requests into text.
 *
 * Everything that arrives is hostile until it has passed here: size, UTF-8, nesting, types and
 * ranges are checked; unknown keys are ignored; a message that fails is refused as a whole. Job
 * documents are passed on as JSON text and never logged: their URLs are credentials.
 *
 * Pure values; no threads, no I/O. Errors: JOBS_MESSAGE_ERROR; the text never quotes the payload.
 */
#pragma once

#include "details.h"
#include "execution.h"
#include "jobs-execution.h"
#include "topics.h"

#include <glib.h>

/* Largest payload the service may send (AWS IoT Core quota: 128 KiB). */
#define JOBS_MESSAGE_SIZE_MAX  (128 * 1024)
/* Deepest nesting taken. The parser below is recursive, so this bounds its stack. */
#define JOBS_MESSAGE_DEPTH_MAX 64
/* Longest clientToken read back, in bytes; ours are far shorter. */
#define JOBS_MESSAGE_TOKEN_MAX 128

#define JOBS_MESSAGE_ERROR (jobs_message_error_quark())
GQuark jobs_message_error_quark(void);

typedef enum {
    JOBS_MESSAGE_ERROR_SIZE,
    JOBS_MESSAGE_ERROR_SYNTAX,
    JOBS_MESSAGE_ERROR_CONTENT, /* JSON, but not what the service says */
} JobsMessageError;

/* The service's error codes. */
typedef enum {
    JOBS_REFUSAL_NONE = 0,
    JOBS_REFUSAL_INVALID_TOPIC,
    JOBS_REFUSAL_INVALID_JSON,
    JOBS_REFUSAL_INVALID_REQUEST,
    JOBS_REFUSAL_INVALID_STATE_TRANSITION,
    JOBS_REFUSAL_RESOURCE_NOT_FOUND,
    JOBS_REFUSAL_VERSION_MISMATCH,
    JOBS_REFUSAL_TERMINAL_STATE_REACHED,
    JOBS_REFUSAL_REQUEST_THROTTLED,
    JOBS_REFUSAL_INTERNAL_ERROR,
    JOBS_REFUSAL_UNKNOWN, /* a code that is not in the list; taken as passing trouble */
} JobsRefusal;

/* One line of a pending list. */
typedef struct {
    ExecutionId *id;
    gboolean in_progress;
} JobsPending;

typedef struct {
    char *token;              /* clientToken; NULL when there was none */
    gint64 timestamp;         /* seconds; 0 when absent */
    JobsExecution *execution; /* NULL when the message names none */
    GPtrArray *pending;       /* JobsPending of TOPIC_LIST and TOPIC_NOTIFY; else NULL */
    char *document;           /* jobDocument of an accepted update, JSON text, or NULL */
    JobsRefusal refusal;      /* JOBS_REFUSAL_NONE unless the topic ended in /rejected */
    char *text;               /* its message, cleaned for a log; NULL if none */
    gboolean has_state;       /* executionState came along ... */
    ExecutionStatus state;    /* ... with this status */
} JobsMessage;

/* Reads a payload that arrived on such a topic. An empty payload reads as {}. NULL on error. */
JobsMessage *jobs_message_parse(const Topic *topic, const char *thing_name, const void *payload,
                                gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void jobs_message_free(JobsMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobsMessage, jobs_message_free)

/* "InvalidJson" and so on; never NULL. */
const char *jobs_refusal_to_word(JobsRefusal refusal);
/* Whether the same request may well succeed later: throttled, internal error, unknown. */
gboolean jobs_refusal_is_passing(JobsRefusal refusal);

/* Bodies of requests; caller frees. */
char *jobs_message_list(const char *token);
char *jobs_message_start_next(const char *token, const char *marker_key, const char *marker_value);
/* number 0: whatever is the latest execution. */
char *jobs_message_describe(const char *token, gint64 number, gboolean include_document);

typedef struct {
    const ExecutionId *id;
    ExecutionStatus status;
    const Details *details;     /* NULL leaves the service's map alone */
    guint step_timeout_minutes; /* 0: leave the timer alone; or EXECUTION_NO_STEP_TIMER */
    gboolean include_document;
} JobsUpdate;
/* expectedVersion is never sent: it only turns a repeat of a lost update into a refusal. */
char *jobs_message_update(const char *token, const JobsUpdate *update);
