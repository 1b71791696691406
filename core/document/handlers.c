#include "handlers.h"

#include "fault.h"
#include "field.h"

#include <string.h>

typedef struct {
    const char *handler;   /* as the Device Client ships it; also found without ".sh" */
    const char *operation; /* errand's */
} Known;

static const Known known[] = {
    {"reboot.sh", "reboot"},
    {"shutdown.sh", "shutdown"},
    {"download-file.sh", "download"},
};

static const char *
handlers_operation(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        gsize stem = strlen(known[i].handler) - strlen(".sh");

        if (strncmp(name, known[i].handler, stem) == 0 &&
            (name[stem] == '\0' || g_str_equal(name + stem, ".sh")))
            return known[i].operation;
    }
    return NULL;
}

gboolean
handlers_serve(const char *name, const PlanContext *context)
{
    const char *operation = handlers_operation(name);

    if (dialect_has_handler(context, name))
        return dialect_knows(context, "runHandler");
    return operation != NULL && dialect_knows(context, operation);
}

static gboolean
handlers_check_name(const char *name, const char *place, GError **error)
{
    g_autofree char *where = field_place(place, "handler");

    if (name == NULL || *name == '\0') {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where, "must name the handler to run");
        return FALSE;
    }
    if (strchr(name, '/') != NULL || strstr(name, "..") != NULL) {
        g_autofree char *quoted = fault_quote(name);

        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where,
                  "must be a bare file name without '/' or \"..\", found %s", quoted);
        return FALSE;
    }
    return TRUE;
}

/* An argument as text: numbers and flags are taken for what the author meant; the rest has no
 * text that a program could be given. */
static char *
handlers_argument(JsonNode *node)
{
    GType type = json_node_get_value_type(node);

    if (type == G_TYPE_STRING)
        return json_node_dup_string(node);
    if (type == G_TYPE_INT64)
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    if (type == G_TYPE_BOOLEAN)
        return g_strdup(json_node_get_boolean(node) ? "true" : "false");
    return NULL;
}

/* args as an array of strings, NULL with error; absent is an empty array. */
static JsonArray *
handlers_arguments(JsonObject *input, const char *place, GError **error)
{
    g_autoptr(JsonArray) strings = json_array_new();
    g_autofree char *where = field_place(place, "args");
    JsonArray *args = NULL;

    if (!field_array(input, place, "args", &args, error))
        return NULL;
    for (guint i = 0; args != NULL && i < json_array_get_length(args); i++) {
        g_autofree char *text = handlers_argument(json_array_get_element(args, i));

        if (text == NULL) {
            g_autofree char *element = field_place_at(where, i);

            fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, element, "must be a string");
            return NULL;
        }
        json_array_add_string_element(strings, text);
    }
    return g_steal_pointer(&strings);
}

/* The file name a URL ends in, unescaped as wget would save it, or NULL. */
static char *
handlers_url_name(const char *url)
{
    g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
    const char *scheme = strstr(path, "://");
    const char *slash = strrchr(path, '/');
    g_autofree char *name = NULL;

    if (slash == NULL || (scheme != NULL && slash < scheme + 3))
        return NULL;
    name = g_uri_unescape_string(slash + 1, "/");
    if (name == NULL || *name == '\0' || g_str_equal(name, ".") || g_str_equal(name, "..") ||
        !g_utf8_validate(name, -1, NULL))
        return NULL;
    return g_steal_pointer(&name);
}

/* Where download-file.sh would put it: a target that ends in '/' keeps the remote name. */
static char *
handlers_target(const char *url, const char *target, const char *place, GError **error)
{
    g_autofree char *name = NULL;

    if (!g_str_has_suffix(target, "/"))
        return g_strdup(target);
    name = handlers_url_name(url);
    if (name == NULL) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, place,
                  "is a directory and the URL does not end in a file name; give the whole path");
        return NULL;
    }
    return g_strconcat(target, name, NULL);
}

static char *
handlers_download(JsonArray *args, const char *place, GError **error)
{
    g_autofree char *where = field_place(place, "args");
    g_autofree char *target_place = field_place_at(where, 1);
    g_autoptr(JsonObject) input = json_object_new();
    g_autofree char *target = NULL;
    const char *url =
        json_array_get_length(args) == 2 ? json_array_get_string_element(args, 0) : "";
    const char *path = *url != '\0' ? json_array_get_string_element(args, 1) : "";

    if (*path == '\0') {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, where,
                  "download-file.sh takes exactly two arguments: the URL and the target path");
        return NULL;
    }
    target = handlers_target(url, path, target_place, error);
    if (target == NULL)
        return NULL;
    json_object_set_string_member(input, "operation", "download");
    json_object_set_string_member(input, "url", url);
    json_object_set_string_member(input, "path", target);
    return dialect_text(input);
}

static char *
handlers_bare(const char *operation)
{
    g_autoptr(JsonObject) input = json_object_new();

    json_object_set_string_member(input, "operation", operation);
    return dialect_text(input);
}

/* The input as written, but `args` as strings and a `path` that says nothing left out. */
static char *
handlers_input(JsonObject *input, JsonArray *args, const char *path)
{
    g_autoptr(JsonObject) copy = json_object_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init_ordered(&iter, input);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (g_str_equal(name, "args"))
            json_object_set_array_member(copy, name, json_array_ref(args));
        else if (!g_str_equal(name, "path"))
            json_object_set_member(copy, name, json_node_copy(node));
        else if (path != NULL)
            json_object_set_string_member(copy, name, path);
    }
    return dialect_text(copy);
}

gboolean
handlers_plan(JsonObject *input, const char *place, const PlanContext *context, PlanStep *step,
              GError **error)
{
    g_autoptr(JsonArray) args = NULL;
    const char *handler = NULL;
    const char *path = NULL;
    const char *operation;

    /* In `path` a placeholder left over only means "unset". */
    if (!field_string(input, place, "handler", &handler, error) ||
        !field_optional(input, place, "path", &path, error) ||
        !field_members_are_resolved(input, place, "path", error) ||
        !handlers_check_name(handler, place, error))
        return FALSE;
    args = handlers_arguments(input, place, error);
    if (args == NULL)
        return FALSE;
    operation = dialect_has_handler(context, handler) ? NULL : handlers_operation(handler);
    if (operation == NULL)
        step->input = handlers_input(input, args, path);
    else if (g_str_equal(operation, "download"))
        step->input = handlers_download(args, place, error);
    else
        step->input = handlers_bare(operation);
    step->operation = g_strdup(operation != NULL ? operation : "runHandler");
    return step->input != NULL;
}
