#include "plan.h"

#include "dialect.h"
#include "fault.h"
#include "field.h"
#include "native.h"
#include "scan.h"
#include "signed.h"
#include "steps.h"

#include <string.h>

G_DEFINE_QUARK(plan - error - quark, plan_error)

const char *
plan_error_reason(const GError *error)
{
    if (error == NULL || error->domain != PLAN_ERROR)
        return "internal";
    switch ((PlanError)error->code) {
    case PLAN_ERROR_INVALID_DOCUMENT:
        return "invalid-document";
    case PLAN_ERROR_UNKNOWN_OPERATION:
        return "unknown-operation";
    case PLAN_ERROR_NOT_ALLOWED:
        return "not-allowed";
    case PLAN_ERROR_BAD_SIGNATURE:
        return "bad-signature";
    case PLAN_ERROR_CONDITION_NOT_MET:
        return "condition-not-met";
    }
    return "internal";
}

void
plan_free(Plan *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->steps);
    g_free(self);
}

/* The text as an object, after the checks that make it safe to hand to the parser. */
static JsonNode *
plan_read(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) fault = NULL;
    JsonNode *root;

    if (length == 0 || length > PLAN_DOCUMENT_MAX) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "",
                  "has %" G_GSIZE_FORMAT " bytes, 1 to %d are allowed", length, PLAN_DOCUMENT_MAX);
        return NULL;
    }
    if (!scan_text(text, length, error))
        return NULL;
    if (!json_parser_load_from_data(parser, text, (gssize)length, &fault)) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "", "is not JSON: %s", fault->message);
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "", "must be a JSON object");
        return NULL;
    }
    return json_parser_steal_root(parser);
}

static Plan *
plan_fits(Plan *plan, GError **error)
{
    g_autoptr(Plan) self = plan;

    for (guint i = 0; self != NULL && i < self->steps->len; i++) {
        const PlanStep *step = self->steps->pdata[i];
        gboolean name_fits = strlen(step->name) <= PLAN_NAME_MAX;

        if (name_fits && (step->user == NULL || strlen(step->user) <= PLAN_USER_MAX))
            continue;
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "", "step %u: its %s has more than %d bytes",
                  i + 1, name_fits ? "user" : "name", name_fits ? PLAN_USER_MAX : PLAN_NAME_MAX);
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* Which dialect it is depends on the members alone: `version` says nothing reliable. */
static Plan *
plan_route(JsonObject *document, const char *text, gsize length, const PlanContext *context,
           GError **error)
{
    if (field_find(document, "steps") != NULL)
        return plan_fits(steps_plan(document, context, error), error);
    return plan_fits(native_plan(document, text, length, context, error), error);
}

static Plan *
plan_parse_signed(JsonObject *envelope, const PlanContext *context, GError **error)
{
    g_autoptr(GBytes) payload = signed_open(envelope, context->trust_directory, error);
    g_autoptr(JsonNode) root = NULL;
    const char *text;
    gsize length;

    if (payload == NULL)
        return NULL;
    text = g_bytes_get_data(payload, &length);
    root = plan_read(text, length, error);
    if (root == NULL)
        return NULL;
    if (signed_is(json_node_get_object(root))) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "",
                  "the signed document is itself a signed document; sign it once");
        return NULL;
    }
    return plan_route(json_node_get_object(root), text, length, context, error);
}

static Plan *
plan_parse_object(const char *text, gsize length, const PlanContext *context, GError **error)
{
    g_autoptr(JsonNode) root = plan_read(text, length, error);

    if (root == NULL)
        return NULL;
    if (signed_is(json_node_get_object(root)))
        return plan_parse_signed(json_node_get_object(root), context, error);
    if (context->require_signed) {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "",
                  "is not signed, and this gateway takes signed documents only "
                  "([trust] require-signed-documents)");
        return NULL;
    }
    return plan_route(json_node_get_object(root), text, length, context, error);
}

/* The text within, when all there is is one JSON string; else NULL. */
static char *
plan_unquote(const char *text, gsize length)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;

    while (length > 0 && g_ascii_isspace(*text)) {
        text++;
        length--;
    }
    if (length == 0 || length > PLAN_DOCUMENT_MAX || *text != '"' ||
        !scan_text(text, length, NULL) ||
        !json_parser_load_from_data(parser, text, (gssize)length, NULL))
        return NULL;
    root = json_parser_get_root(parser);
    return root != NULL && json_node_get_value_type(root) == G_TYPE_STRING
               ? json_node_dup_string(root)
               : NULL;
}

Plan *
plan_parse(const char *text, gsize length, const PlanContext *context, GError **error)
{
    g_autofree char *unquoted = plan_unquote(text, length);

    if (unquoted != NULL)
        return plan_parse_object(unquoted, strlen(unquoted), context, error);
    return plan_parse_object(text, length, context, error);
}
