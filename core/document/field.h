/* Members of JSON objects, read with the tolerance job documents need, and faults that name the
 * place as a JSON Pointer.
 *
 * For all readers: place is the pointer of the object; a member that is absent or null is no fault
 * and leaves *value as it is; one of the wrong type is PLAN_ERROR_INVALID_DOCUMENT and FALSE.
 * Values read belong to the document. Pure.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* NULL when absent or null. */
JsonNode *field_find(JsonObject *object, const char *name);

gboolean field_string(JsonObject *object, const char *place, const char *name, const char **value,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean field_object(JsonObject *object, const char *place, const char *name, JsonObject **value,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean field_array(JsonObject *object, const char *place, const char *name, JsonArray **value,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A boolean, or the same as text in any case; "" is unset. */
gboolean field_flag(JsonObject *object, const char *place, const char *name, gboolean *value,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Text that may be left out: "" and an unresolved placeholder are unset. */
gboolean field_optional(JsonObject *object, const char *place, const char *name, const char **value,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "timeout", 1..PLAN_TIMEOUT_MAX_S seconds. With tolerant also as text; without, even null is a
 * fault. */
gboolean field_timeout(JsonObject *object, const char *place, gboolean tolerant, guint *value,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE, with the fault, when a string anywhere in node holds a placeholder the service should have
 * replaced. Members called "_comment" are not looked at. */
gboolean field_is_resolved(JsonNode *node, const char *place,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for the members of object; the one called except (may be NULL) is not looked at. */
gboolean field_members_are_resolved(JsonObject *object, const char *place, const char *except,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* place with a member name or an index added; new. */
char *field_place(const char *place, const char *name);
char *field_place_at(const char *place, guint index);
