#include "json-text.h"

G_DEFINE_QUARK(errand - json - text - error, json_text_error)

/* Brackets that do not match are left to the parser. */
static gboolean
too_deep(const char *text, gsize length, guint depth_max)
{
    gboolean in_string = FALSE;
    guint depth = 0;

    for (gsize i = 0; i < length; i++) {
        if (text[i] == '"')
            in_string = !in_string;
        else if (in_string)
            i += text[i] == '\\';
        else if ((text[i] == '{' || text[i] == '[') && ++depth > depth_max)
            return TRUE;
        else if ((text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
    }
    return FALSE;
}

static const char *
describe(const json_error_t *fault)
{
    switch (json_error_code(fault)) {
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_premature_end_of_input:
        return "it has no end";
    case json_error_end_of_input_expected:
        return "something is behind the object";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "it has an escaped NUL";
    case json_error_duplicate_key:
        return "a name is twice in one object";
    case json_error_numeric_overflow:
        return "a number is beyond 64 bits";
    case json_error_out_of_memory:
        return "out of memory";
    default:
        return "it is malformed";
    }
}

static json_t *
refuse(const char *why, GError **error)
{
    g_set_error(error, JSON_TEXT_ERROR, JSON_TEXT_ERROR_MALFORMED, "not one JSON object: %s", why);
    return NULL;
}

json_t *
json_text_parse(const char *text, gsize length, guint depth_max, GError **error)
{
    json_error_t fault;
    json_t *root;

    if (too_deep(text, length, depth_max))
        return refuse("it is too deeply nested", error);
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        g_autofree char *why = g_strdup_printf("%s (at byte %d)", describe(&fault), fault.position);

        return refuse(why, error);
    }
    if (json_is_object(root))
        return root;
    json_decref(root);
    return refuse("it is an array", error);
}
