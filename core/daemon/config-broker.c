#include "config-groups.h"

#include "mqtt-tls.h"
#include "text.h"
#include "vet.h"

#include <gio/gio.h>
#include <string.h>

/* Limits of AWS IoT Core: thing names and client ids have at most 128 bytes, keep-alive is 30 to
 * 1200 s. The lower bound here is 5 s, which other brokers accept. */
#define NAME_MAX_BYTES    128
#define HOST_MAX_BYTES    253 /* RFC 1035 */
#define KEEP_ALIVE_MIN_MS 5000
#define KEEP_ALIVE_MAX_MS (1200 * 1000)

static void
check_file(Keyfile *file, const char *key, const char *path)
{
    if (path == NULL)
        return;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        keyfile_fault(file, "broker", key,
                      "'%s' is not there or is not a file, a PEM file is allowed", path);
}

static void
check_private_key(Keyfile *file, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (path == NULL || g_str_has_prefix(path, "pkcs11:"))
        return;
    if (!vet_private_file(path, &error))
        keyfile_fault(file, "broker", "private-key-file", "%s", error->message);
}

/* The value itself may hold a password, so no message repeats it. */
void
config_check_proxy(Keyfile *file, const char *group, const char *value)
{
    g_autoptr(GUri) uri = NULL;

    if (value == NULL)
        return;
    uri = g_uri_parse(value, G_URI_FLAGS_HAS_PASSWORD, NULL);
    if (uri == NULL || g_strcmp0(g_uri_get_scheme(uri), "http") != 0 ||
        g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
        keyfile_fault(file, group, "proxy",
                      "is not a proxy, allowed is http://host:port, with user:password before the "
                      "host if it wants them (user:password@host)");
}

static void
read_credentials(SessionOptions *options, Keyfile *file, ConfigUse use)
{
    gboolean needed = use != CONFIG_LOCAL && options->tls;

    options->ca_file =
        needed ? keyfile_required(file, "broker", "ca-file", "a PEM file of the broker's root CA")
               : keyfile_string(file, "broker", "ca-file", NULL);
    options->certificate_file = needed ? keyfile_required(file, "broker", "certificate-file",
                                                          "the device certificate, a PEM file")
                                       : keyfile_string(file, "broker", "certificate-file", NULL);
    options->private_key_file = needed
                                    ? keyfile_required(file, "broker", "private-key-file",
                                                       "the device key, a PEM file or pkcs11: URI")
                                    : keyfile_string(file, "broker", "private-key-file", NULL);
    if (!needed)
        return;
    check_file(file, "ca-file", options->ca_file);
    check_file(file, "certificate-file", options->certificate_file);
    check_private_key(file, options->private_key_file);
}

static void
read_thing(SessionOptions *options, Keyfile *file, ConfigUse use)
{
    options->thing_name =
        use != CONFIG_LOCAL ? keyfile_required(file, "thing", "name", "the thing's name in AWS IoT")
                            : keyfile_string(file, "thing", "name", NULL);
    if (options->thing_name != NULL && !text_is_name(options->thing_name, ":_-", NAME_MAX_BYTES))
        keyfile_fault(file, "thing", "name",
                      "'%s' is no thing name, 1 to %d of [a-zA-Z0-9:_-] are allowed",
                      options->thing_name, NAME_MAX_BYTES);
}

/* A name or an address: what else was pasted along is told rather than looked up for ever. */
static void
check_host(Keyfile *file, const char *host)
{
    if (host == NULL || g_hostname_is_ip_address(host) || text_is_name(host, ".-_", HOST_MAX_BYTES))
        return;
    keyfile_fault(file, "broker", "host",
                  "'%s' is no host, a name or an address without scheme, port and path is allowed",
                  host);
}

static void
check_client_id(Keyfile *file, const char *client_id)
{
    if (client_id == NULL)
        return;
    if (strlen(client_id) > NAME_MAX_BYTES || *client_id == '$' ||
        !g_utf8_validate(client_id, -1, NULL) ||
        g_regex_match_simple("[\\x01-\\x1f\\x7f]", client_id, 0, 0))
        keyfile_fault(
            file, "broker", "client-id",
            "'%s' is no client id, 1 to %d bytes of UTF-8 without control characters, not "
            "beginning with '$', are allowed",
            client_id, NAME_MAX_BYTES);
}

/* Whether certificates and key are what TLS can use, and belong together. */
static void
check_pair(const SessionOptions *options, Keyfile *file)
{
    const MqttTlsOptions tls = {
        .host = options->host,
        .port = options->port,
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .private_key = options->private_key_file,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(MqttTls) self = mqtt_tls_new(&tls, &error);
    const char *key = "private-key-file";

    if (self != NULL)
        return;
    if (strstr(error->message, "[broker] ca-file") != NULL)
        key = "ca-file";
    else if (strstr(error->message, "[broker] certificate-file") != NULL)
        key = "certificate-file";
    keyfile_fault(file, "broker", key, "%s; allowed are PEM files that belong together",
                  error->message);
}

void
config_read_broker(SessionOptions *options, Keyfile *file, ConfigUse use)
{
    guint faults = keyfile_faults(file)->len;

    options->host = use != CONFIG_LOCAL ? keyfile_required(file, "broker", "host",
                                                           "the broker's host name or address")
                                        : keyfile_string(file, "broker", "host", NULL);
    check_host(file, options->host);
    options->port = (guint16)keyfile_integer(file, "broker", "port", 1, 65535, 8883);
    options->tls = keyfile_boolean(file, "broker", "tls", TRUE);
    options->keep_alive_s =
        (guint)(keyfile_duration(file, "broker", "keep-alive", KEEP_ALIVE_MIN_MS, KEEP_ALIVE_MAX_MS,
                                 60 * 1000) /
                1000);
    options->proxy = keyfile_string(file, "broker", "proxy", NULL);
    config_check_proxy(file, "broker", options->proxy);
    read_credentials(options, file, use);
    read_thing(options, file, use);
    options->client_id = keyfile_string(file, "broker", "client-id", options->thing_name);
    check_client_id(file, options->client_id);
    if (!options->tls && options->host != NULL && !session_host_is_loopback(options->host))
        keyfile_fault(file, "broker", "tls",
                      "false is allowed for loopback hosts only, and '%s' is not one",
                      options->host);
    if (use == CONFIG_CHECK && options->tls && keyfile_faults(file)->len == faults)
        check_pair(options, file);
}
