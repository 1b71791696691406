#include "connection.h"

void
connection_set(CURL *easy, const Settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)settings->stall_bytes);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((settings->stall_ms + 999) / 1000));
}
