#include "signed.h"

#include "base64url.h"
#include "fault.h"
#include "field.h"
#include "scan.h"
#include "signature.h"
#include "trust.h"

#define HEADER_MAX 4096 /* bytes; algorithm and key name have less than 200 */

gboolean
signed_is(JsonObject *document)
{
    return json_object_has_member(document, "payload") &&
           json_object_has_member(document, "protected") &&
           json_object_has_member(document, "signature");
}

static gboolean
signed_refuse(const char *place, const char *what, GError **error)
{
    fault_set(error, PLAN_ERROR_BAD_SIGNATURE, place, "%s", what);
    return FALSE;
}

/* A member as written and as decoded. */
static GBytes *
signed_part(JsonObject *document, const char *name, const char **text, GError **error)
{
    JsonNode *node = json_object_get_member(document, name);
    GBytes *bytes = NULL;

    if (json_node_get_value_type(node) == G_TYPE_STRING) {
        *text = json_node_get_string(node);
        bytes = base64url_decode(*text);
    }
    if (bytes == NULL) {
        g_autofree char *place = field_place("", name);

        signed_refuse(place, "must be a string in base64url without padding", error);
    }
    return bytes;
}

/* The protected header as an object; NULL with error. */
static JsonNode *
signed_header(GBytes *bytes, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = NULL;

    if (length > 0 && length <= HEADER_MAX && scan_text(text, length, NULL) &&
        json_parser_load_from_data(parser, text, (gssize)length, NULL))
        root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        signed_refuse("/protected", "must encode a JSON object without repeated names", error);
        return NULL;
    }
    return json_parser_steal_root(parser);
}

static const char *
signed_header_string(JsonObject *header, const char *name, GError **error)
{
    JsonNode *node = json_object_get_member(header, name);

    if (node == NULL || json_node_get_value_type(node) != G_TYPE_STRING) {
        fault_set(error, PLAN_ERROR_BAD_SIGNATURE, "/protected", "must have a string \"%s\"", name);
        return NULL;
    }
    return json_node_get_string(node);
}

static gboolean
signed_verify(JsonObject *header, const char *trust_directory, const char *signed_text,
              GBytes *signature, GError **error)
{
    const SignatureAlgorithm *algorithm;
    g_autoptr(EVP_PKEY) key = NULL;
    const char *alg;
    const char *kid;

    if (json_object_has_member(header, "crit"))
        return signed_refuse("/protected", "\"crit\" is not supported", error);
    alg = signed_header_string(header, "alg", error);
    algorithm = alg != NULL ? signature_algorithm(alg, error) : NULL;
    kid = algorithm != NULL ? signed_header_string(header, "kid", error) : NULL;
    key = kid != NULL ? trust_find(trust_directory, kid, error) : NULL;
    return key != NULL && signature_verify(algorithm, key, signed_text, signature, error);
}

GBytes *
signed_open(JsonObject *document, const char *trust_directory, GError **error)
{
    const char *payload_text = NULL;
    const char *header_text = NULL;
    const char *signature_text = NULL;
    g_autoptr(GBytes) payload = signed_part(document, "payload", &payload_text, error);
    g_autoptr(GBytes) header_bytes = NULL;
    g_autoptr(GBytes) signature = NULL;
    g_autoptr(JsonNode) header = NULL;
    g_autofree char *signed_text = NULL;

    if (payload == NULL)
        return NULL;
    header_bytes = signed_part(document, "protected", &header_text, error);
    if (header_bytes == NULL)
        return NULL;
    signature = signed_part(document, "signature", &signature_text, error);
    if (signature == NULL)
        return NULL;
    if (json_object_has_member(document, "header") ||
        json_object_has_member(document, "signatures")) {
        signed_refuse("", "a signed document must not have \"header\" or \"signatures\"", error);
        return NULL;
    }
    header = signed_header(header_bytes, error);
    if (header == NULL)
        return NULL;
    signed_text = g_strconcat(header_text, ".", payload_text, NULL);
    if (!signed_verify(json_node_get_object(header), trust_directory, signed_text, signature,
                       error))
        return NULL;
    return g_steal_pointer(&payload);
}
