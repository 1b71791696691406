/* The provider for PKCS#11 is not in every distribution yet; the engine is, and OpenSSL 3 marks all
 * engines as deprecated. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "mqtt-tls.h"

#include <openssl/engine.h>
#include <openssl/ui.h>

static ENGINE *
mqtt_pkcs11_engine(void)
{
    ENGINE_load_builtin_engines();
    ENGINE *engine = ENGINE_by_id("pkcs11");
    if (engine == NULL)
        return NULL;
    /* Its complaints would show the URI, PIN and all. */
    if (ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0) != 1 || ENGINE_init(engine) != 1) {
        ENGINE_free(engine);
        return NULL;
    }
    return engine;
}

EVP_PKEY *
mqtt_pkcs11_load(const char *uri, GError **error)
{
    ENGINE *engine = mqtt_pkcs11_engine();

    if (engine == NULL) {
        g_autofree char *text = mqtt_tls_openssl_error(
            "private-key-file is a pkcs11: URI, but OpenSSL's pkcs11 engine cannot be loaded; "
            "install libengine-pkcs11-openssl");
        g_set_error_literal(error, MQTT_ERROR, MQTT_ERROR_CONFIG, text);
        return NULL;
    }
    /* UI_null(): a missing PIN is an error, not a question on somebody's terminal. */
    EVP_PKEY *key = ENGINE_load_private_key(engine, uri, (UI_METHOD *)UI_null(), NULL);
    ENGINE_finish(engine);
    ENGINE_free(engine);
    if (key == NULL) {
        g_autofree char *text = mqtt_tls_openssl_error(
            "cannot load the private key from the PKCS#11 token; check token, object and "
            "pin-value in the pkcs11: URI");
        g_set_error_literal(error, MQTT_ERROR, MQTT_ERROR_CONFIG, text);
    }
    return key;
}
