/* The TLS side of the broker connection: an own SSL_CTX instead of libmosquitto's.
 *
 * TLS 1.2 or newer, OpenSSL's own host name check, ALPN x-amzn-mqtt-ca on port 443 (kept on every
 * reconnect), private key from a file that nobody else can read or from a PKCS#11 token. OpenSSL's
 * errors become sentences; a key's location may be named, its content and PIN never.
 *
 * Errors: MQTT_ERROR. Main thread only.
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#define MQTT_ERROR (mqtt_error_quark())
GQuark mqtt_error_quark(void);

typedef enum {
    MQTT_ERROR_CONFIG, /* a file or a setting is wrong; waiting will not mend it */
    MQTT_ERROR_LIBRARY,
} MqttError;

typedef struct {
    const char *host;
    guint16 port;
    const char *ca_file;
    const char *certificate_file;
    const char *private_key; /* path or pkcs11: URI */
} MqttTlsOptions;

typedef struct _MqttTls MqttTls;

/* Reads CA, certificate and key. */
MqttTls *mqtt_tls_new(const MqttTlsOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mqtt_tls_free(MqttTls *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MqttTls, mqtt_tls_free)

/* Belongs to self; reference counted by OpenSSL. */
SSL_CTX *mqtt_tls_context(MqttTls *self);
/* Forgets what the last handshake found. */
void mqtt_tls_begin(MqttTls *self);
/* Why the broker's certificate was refused in the last handshake, as a sentence with the likely
 * cause, or NULL. Belongs to self. */
const char *mqtt_tls_verify_failure(const MqttTls *self);

/* "text: OpenSSL's first reason"; empties OpenSSL's error queue. Caller frees. */
char *mqtt_tls_openssl_error(const char *text);

/* Private: loads a key from a PKCS#11 token. */
EVP_PKEY *mqtt_pkcs11_load(const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;
