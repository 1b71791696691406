#include "jobs-message.h"

#include "jobs-execution-read.h"
#include "jobs-json.h"
#include "text.h"

#include <string.h>

/* Longest part of an error's message that is shown, in UTF-16 units. */
#define JOBS_MESSAGE_TEXT_MAX    300
/* A pending list has at most 15 entries; more are somebody's mistake. */
#define JOBS_MESSAGE_PENDING_MAX 64

G_DEFINE_QUARK(errand - jobs - message - error - quark, jobs_message_error)

static const char *const jobs_refusal_words[] = {
    [JOBS_REFUSAL_NONE] = "none",
    [JOBS_REFUSAL_INVALID_TOPIC] = "InvalidTopic",
    [JOBS_REFUSAL_INVALID_JSON] = "InvalidJson",
    [JOBS_REFUSAL_INVALID_REQUEST] = "InvalidRequest",
    [JOBS_REFUSAL_INVALID_STATE_TRANSITION] = "InvalidStateTransition",
    [JOBS_REFUSAL_RESOURCE_NOT_FOUND] = "ResourceNotFound",
    [JOBS_REFUSAL_VERSION_MISMATCH] = "VersionMismatch",
    [JOBS_REFUSAL_TERMINAL_STATE_REACHED] = "TerminalStateReached",
    [JOBS_REFUSAL_REQUEST_THROTTLED] = "RequestThrottled",
    [JOBS_REFUSAL_INTERNAL_ERROR] = "InternalError",
    [JOBS_REFUSAL_UNKNOWN] = "unknown error",
};

const char *
jobs_refusal_to_word(JobsRefusal refusal)
{
    if ((guint)refusal >= G_N_ELEMENTS(jobs_refusal_words))
        return jobs_refusal_words[JOBS_REFUSAL_UNKNOWN];
    return jobs_refusal_words[refusal];
}

static JobsRefusal
jobs_refusal_from_word(const char *word)
{
    for (guint i = JOBS_REFUSAL_INVALID_TOPIC; word != NULL && i < JOBS_REFUSAL_UNKNOWN; i++)
        if (strcmp(jobs_refusal_words[i], word) == 0)
            return (JobsRefusal)i;
    return JOBS_REFUSAL_UNKNOWN;
}

gboolean
jobs_refusal_is_passing(JobsRefusal refusal)
{
    return refusal == JOBS_REFUSAL_REQUEST_THROTTLED || refusal == JOBS_REFUSAL_INTERNAL_ERROR ||
           refusal == JOBS_REFUSAL_UNKNOWN;
}

void
jobs_message_free(JobsMessage *self)
{
    if (self == NULL)
        return;
    g_free(self->token);
    jobs_execution_free(self->execution);
    g_clear_pointer(&self->pending, g_ptr_array_unref);
    g_free(self->document);
    g_free(self->text);
    g_free(self);
}

static void
jobs_pending_free(gpointer data)
{
    JobsPending *pending = data;

    execution_id_free(pending->id);
    g_free(pending);
}

/* A damaged line costs itself, not the list: the others are still true. */
static void
jobs_message_read_summaries(JobsMessage *self, JsonArray *array, gboolean in_progress)
{
    guint length = array != NULL ? json_array_get_length(array) : 0;

    for (guint i = 0; i < length && self->pending->len < JOBS_MESSAGE_PENDING_MAX; i++) {
        JsonNode *node = json_array_get_element(array, i);
        g_autoptr(GError) error = NULL;
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            g_debug("a pending list has an entry that is no object; left out");
            continue;
        }
        ExecutionId *id = jobs_execution_read_id(json_node_get_object(node), &error);
        if (id == NULL) {
            g_debug("a pending list has a wrong entry: %s; left out", error->message);
            continue;
        }
        JobsPending *pending = g_new0(JobsPending, 1);
        pending->id = id;
        pending->in_progress = in_progress;
        g_ptr_array_add(self->pending, pending);
    }
}

static void
jobs_message_read_pending(JobsMessage *self, JsonObject *root, TopicKind kind)
{
    JsonObject *jobs = kind == TOPIC_NOTIFY ? jobs_json_object(root, "jobs") : root;
    gboolean notify = kind == TOPIC_NOTIFY;

    if (jobs == NULL)
        return;
    self->pending = g_ptr_array_new_with_free_func(jobs_pending_free);
    jobs_message_read_summaries(
        self, jobs_json_array(jobs, notify ? "IN_PROGRESS" : "inProgressJobs"), TRUE);
    jobs_message_read_summaries(self, jobs_json_array(jobs, notify ? "QUEUED" : "queuedJobs"),
                                FALSE);
}

static void
jobs_message_read_refusal(JobsMessage *self, JsonObject *root)
{
    const char *text = jobs_json_string(root, "message", JOBS_MESSAGE_SIZE_MAX);
    JsonObject *state = jobs_json_object(root, "executionState");

    self->refusal = jobs_refusal_from_word(jobs_json_string(root, "code", 64));
    if (text != NULL)
        self->text = text_show(text, -1, JOBS_MESSAGE_TEXT_MAX, FALSE);
    if (state != NULL)
        self->has_state =
            execution_status_from_word(jobs_json_string(state, "status", 32), &self->state);
}

static gboolean
jobs_message_read_execution(JobsMessage *self, JsonObject *root, const char *thing_name,
                            GError **error)
{
    JsonNode *node = json_object_get_member(root, "execution");

    if (node == NULL || JSON_NODE_HOLDS_NULL(node))
        return TRUE;
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error_literal(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                            "\"execution\" is not an object");
        return FALSE;
    }
    /* An empty object has been seen for "nothing pending". */
    if (json_object_get_size(json_node_get_object(node)) == 0)
        return TRUE;
    self->execution = jobs_execution_read(json_node_get_object(node), thing_name, error);
    return self->execution != NULL;
}

static gboolean
jobs_message_read(JobsMessage *self, const Topic *topic, const char *thing_name, JsonObject *root,
                  GError **error)
{
    gboolean notification = topic->kind == TOPIC_NOTIFY || topic->kind == TOPIC_NOTIFY_NEXT;

    self->token = g_strdup(jobs_json_string(root, "clientToken", JOBS_MESSAGE_TOKEN_MAX));
    jobs_json_integer(root, "timestamp", &self->timestamp);
    if (!topic->accepted && !notification) {
        jobs_message_read_refusal(self, root);
        return TRUE;
    }
    if (topic->kind == TOPIC_LIST || topic->kind == TOPIC_NOTIFY) {
        jobs_message_read_pending(self, root, topic->kind);
        return TRUE;
    }
    if (topic->kind == TOPIC_UPDATE)
        return TRUE;
    if (!jobs_message_read_execution(self, root, thing_name, error))
        return FALSE;
    if (topic->kind == TOPIC_DESCRIBE && self->execution != NULL &&
        strcmp(self->execution->id->job_id, topic->job_id) != 0) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT,
                    "the answer for job %s names another job", topic->job_id);
        return FALSE;
    }
    return TRUE;
}

static gboolean
jobs_message_check(const void *payload, gsize length, GError **error)
{
    if (length > JOBS_MESSAGE_SIZE_MAX) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SIZE,
                    "%" G_GSIZE_FORMAT " bytes; the service sends at most %d", length,
                    JOBS_MESSAGE_SIZE_MAX);
        return FALSE;
    }
    if (!text_is_utf8(payload, length)) {
        g_set_error_literal(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX, "not UTF-8 text");
        return FALSE;
    }
    return TRUE;
}

static gboolean
jobs_message_load(JsonParser *parser, const char *text, gsize length, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (!jobs_json_depth_ok(text, length, JOBS_MESSAGE_DEPTH_MAX)) {
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX,
                    "nested deeper than %d levels", JOBS_MESSAGE_DEPTH_MAX);
        return FALSE;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)length, &reason)) {
        /* The parser's own message quotes the text, which may hold a credential. */
        g_set_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX,
                    "not JSON (parser code %d)", reason != NULL ? reason->code : -1);
        return FALSE;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX,
                            "not a JSON object");
        return FALSE;
    }
    return TRUE;
}

JobsMessage *
jobs_message_parse(const Topic *topic, const char *thing_name, const void *payload, gsize length,
                   GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(JobsMessage) self = g_new0(JobsMessage, 1);
    g_autoptr(GString) rest = g_string_new(NULL);
    g_autofree char *document = NULL;

    if (length == 0) {
        payload = "{}";
        length = 2;
    }
    if (!jobs_message_check(payload, length, error))
        return NULL;
    document = jobs_json_take_document(payload, length, rest);
    if (!jobs_message_load(parser, rest->str, rest->len, error))
        return NULL;
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    if (!jobs_message_read(self, topic, thing_name, root, error))
        return NULL;
    if (self->execution != NULL)
        self->execution->document = g_steal_pointer(&document);
    else if (topic->kind == TOPIC_UPDATE && topic->accepted)
        self->document = g_steal_pointer(&document);
    return g_steal_pointer(&self);
}
