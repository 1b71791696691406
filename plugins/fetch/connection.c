#include "connection.h"

/* The environment has no say: a proxy that is not set here is none. */
static void
set_proxy(CURL *easy, const Settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, settings->no_proxy);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (settings->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    }
}

static void
set_tls(CURL *easy, const Settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (settings->certificate_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, settings->certificate_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, settings->key_file);
        /* Or OpenSSL would ask at the terminal for the password of an encrypted one. */
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
    }
}

void
connection_set(CURL *easy, const Settings *settings)
{
    set_proxy(easy, settings);
    set_tls(easy, settings);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)settings->stall_bytes);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((settings->stall_ms + 999) / 1000));
}
