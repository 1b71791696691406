#include "mqtt-tls.h"

#include "vet.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/x509err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ALPN protocol list: one name with its length before it. */
#define MQTT_TLS_ALPN      "\x0ex-amzn-mqtt-ca"
#define MQTT_TLS_ALPN_PORT 443

struct _MqttTls {
    SSL_CTX *context;
    char *host;
    char *verify_failure;
};

G_DEFINE_QUARK(errand - mqtt - error - quark, mqtt_error)

char *
mqtt_tls_openssl_error(const char *text)
{
    unsigned long code = ERR_get_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return g_strdup_printf("%s: %s", text, reason != NULL ? reason : "no reason given");
}

static gboolean
mqtt_tls_fail(GError **error, const char *format, const char *path)
{
    g_autofree char *text = g_strdup_printf("%s %s", format, path);
    g_autofree char *full = mqtt_tls_openssl_error(text);

    g_set_error_literal(error, MQTT_ERROR, MQTT_ERROR_CONFIG, full);
    return FALSE;
}

static char *
mqtt_tls_explain(const MqttTls *self, int code)
{
    const char *text = X509_verify_cert_error_string(code);

    switch (code) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CRL_NOT_YET_VALID:
        return g_strdup_printf("the broker's certificate is not yet valid; this machine's clock is "
                               "probably wrong (no time synchronisation yet?)");
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return g_strdup_printf("the broker's certificate has expired; check this machine's clock");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return g_strdup_printf(
            "the broker's certificate is not made out to %s; check [broker] host", self->host);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return g_strdup_printf("the broker's certificate is not signed by [broker] ca-file (%s)",
                               text);
    default:
        return g_strdup_printf("the broker's certificate is refused: %s", text);
    }
}

static int
mqtt_tls_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    MqttTls *self = ssl != NULL ? SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) : NULL;

    if (!ok && self != NULL && self->verify_failure == NULL)
        self->verify_failure = mqtt_tls_explain(self, X509_STORE_CTX_get_error(store));
    return ok;
}

/* libmosquitto names the loopback address it believes to talk to; before the ClientHello is made
 * this puts the real name in its place (or none: addresses are not sent as names). */
static void
mqtt_tls_name_server(const SSL *ssl, int where, int result)
{
    const MqttTls *self = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (where != SSL_CB_HANDSHAKE_START || self == NULL)
        return;
    const char *name = g_hostname_is_ip_address(self->host) ? NULL : self->host;
    SSL_set_tlsext_host_name((SSL *)ssl, name);
}

/* A key with a pass phrase would make OpenSSL ask on the terminal. */
static int
mqtt_tls_no_password(char *buffer, int size, int writing, void *user_data)
{
    return 0;
}

static gboolean
mqtt_tls_load_key(MqttTls *self, const MqttTlsOptions *options, GError **error)
{
    const char *key = options->private_key;

    if (g_str_has_prefix(key, "pkcs11:")) {
        EVP_PKEY *token_key = mqtt_pkcs11_load(key, error);
        if (token_key == NULL)
            return FALSE;
        gboolean used = SSL_CTX_use_PrivateKey(self->context, token_key) == 1;
        EVP_PKEY_free(token_key);
        return used ||
               mqtt_tls_fail(error, "the PKCS#11 key does not fit", options->certificate_file);
    }
    if (!vet_private_file(key, error))
        return FALSE;
    if (SSL_CTX_use_PrivateKey_file(self->context, key, SSL_FILETYPE_PEM) == 1)
        return TRUE;
    /* The certificate is loaded already, so this is where the pair is compared. */
    if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
        return mqtt_tls_fail(error, "the private key does not belong to the certificate",
                             options->certificate_file);
    return mqtt_tls_fail(error, "cannot use the private key", key);
}

static gboolean
mqtt_tls_set_host(MqttTls *self, const MqttTlsOptions *options, GError **error)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(self->context);
    gboolean numeric = g_hostname_is_ip_address(options->host);
    int set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(param, options->host)
                      : X509_VERIFY_PARAM_set1_host(param, options->host, 0);

    if (set != 1)
        return mqtt_tls_fail(error, "cannot check certificates for the host", options->host);
    if (options->port == MQTT_TLS_ALPN_PORT &&
        SSL_CTX_set_alpn_protos(self->context, (const unsigned char *)MQTT_TLS_ALPN,
                                (unsigned)strlen(MQTT_TLS_ALPN)) != 0)
        return mqtt_tls_fail(error, "cannot set ALPN for", options->host);
    return TRUE;
}

static gboolean
mqtt_tls_configure(MqttTls *self, const MqttTlsOptions *options, GError **error)
{
    if (SSL_CTX_set_min_proto_version(self->context, TLS1_2_VERSION) != 1)
        return mqtt_tls_fail(error, "cannot require TLS 1.2 for", options->host);
    SSL_CTX_set_app_data(self->context, self);
    SSL_CTX_set_info_callback(self->context, mqtt_tls_name_server);
    SSL_CTX_set_default_passwd_cb(self->context, mqtt_tls_no_password);
    SSL_CTX_set_verify(self->context, SSL_VERIFY_PEER, mqtt_tls_verify);
    SSL_CTX_set_session_cache_mode(self->context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_load_verify_locations(self->context, options->ca_file, NULL) != 1)
        return mqtt_tls_fail(error, "cannot read [broker] ca-file", options->ca_file);
    if (SSL_CTX_use_certificate_chain_file(self->context, options->certificate_file) != 1)
        return mqtt_tls_fail(error, "cannot read [broker] certificate-file",
                             options->certificate_file);
    return mqtt_tls_load_key(self, options, error) && mqtt_tls_set_host(self, options, error);
}

MqttTls *
mqtt_tls_new(const MqttTlsOptions *options, GError **error)
{
    g_autoptr(MqttTls) self = g_new0(MqttTls, 1);

    ERR_clear_error();
    self->host = g_strdup(options->host);
    self->context = SSL_CTX_new(TLS_client_method());
    if (self->context == NULL) {
        mqtt_tls_fail(error, "cannot set up TLS for", options->host);
        return NULL;
    }
    if (!mqtt_tls_configure(self, options, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
mqtt_tls_free(MqttTls *self)
{
    if (self == NULL)
        return;
    if (self->context != NULL)
        SSL_CTX_set_app_data(self->context, NULL);
    SSL_CTX_free(self->context);
    g_free(self->host);
    g_free(self->verify_failure);
    g_free(self);
}

SSL_CTX *
mqtt_tls_context(MqttTls *self)
{
    return self->context;
}

void
mqtt_tls_begin(MqttTls *self)
{
    ERR_clear_error();
    g_clear_pointer(&self->verify_failure, g_free);
}

const char *
mqtt_tls_verify_failure(const MqttTls *self)
{
    return self->verify_failure;
}
