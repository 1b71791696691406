#include "settings.h"

#include "private-file.h"
#include "setting.h"

#include <curl/curl.h>
#include <string.h>

/* Defaults, as errand.conf has them. A link slower than this for this long is taken for dead; a 2G
 * modem is faster. */
#define STALL_BYTES       64
#define STALL_MS          (60 * 1000)
#define RETRY_MS          1000
#define TRIES             8
#define PATIENCE_MS       (60 * 60 * 1000)
#define TRAFFIC_LIMIT     5
/* Eight of these make up what one request yields; a lost one costs little. */
#define STREAM_BLOCK_SIZE (16 * 1024)

typedef struct {
    const char *key;
    int32_t (*read)(errand_job *job, const char *plugin, const char *key, int64_t *value);
    int64_t *value;
} Number;

static int32_t
read_numbers(errand_job *job, const char *plugin, Settings *settings)
{
    const Number numbers[] = {
        {"rate-limit", setting_size, &settings->rate_limit},
        {"stall-bytes", setting_size, &settings->stall_bytes},
        {"stall-time", setting_duration, &settings->stall_ms},
        {"retry-delay", setting_duration, &settings->retry_ms},
        {"retries", setting_size, &settings->tries},
        {"retry-time", setting_duration, &settings->patience_ms},
        {"traffic-limit", setting_size, &settings->traffic_limit},
        {"time-limit", setting_duration, &settings->time_limit_ms},
    };
    int32_t verdict = ERRAND_SUCCEEDED;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && verdict == ERRAND_SUCCEEDED; i++)
        verdict = numbers[i].read(job, plugin, numbers[i].key, numbers[i].value);
    return verdict;
}

static int32_t
read_no_proxy(errand_job *job, const char *plugin, Settings *settings)
{
    const char *item;
    size_t length = 0;

    for (int32_t i = 0; (item = errand_setting_item(job, "no-proxy", i)) != NULL; i++) {
        int added = snprintf(settings->no_proxy + length, sizeof settings->no_proxy - length,
                             "%s%s", length > 0 ? "," : "", item);

        length += (size_t)added;
        if (length >= sizeof settings->no_proxy)
            return errand_reject(job, "internal",
                                 "errand.conf: [plugin %s] no-proxy: longer than %d characters",
                                 plugin, SETTINGS_NO_PROXY_SIZE - 1);
    }
    return ERRAND_SUCCEEDED;
}

static int32_t
read_stream(errand_job *job, const char *plugin, Settings *settings)
{
    const char *format = setting_text(job, "stream-format");
    int32_t verdict = setting_size(job, plugin, "stream-block-size", &settings->stream_block_size);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    if (settings->stream_block_size < ERRAND_STREAM_BLOCK_MIN ||
        settings->stream_block_size > ERRAND_STREAM_BLOCK_MAX)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin %s] stream-block-size: must be %d to %dK",
                             plugin, ERRAND_STREAM_BLOCK_MIN, ERRAND_STREAM_BLOCK_MAX / 1024);
    if (format == NULL || strcmp(format, "cbor") == 0)
        settings->stream_format = ERRAND_STREAM_CBOR;
    else if (strcmp(format, "json") == 0)
        settings->stream_format = ERRAND_STREAM_JSON;
    else
        return errand_reject(job, "internal",
                             "errand.conf: [plugin %s] stream-format: must be cbor or json",
                             plugin);
    return ERRAND_SUCCEEDED;
}

static bool
is_listed(const char *const *list, const char *text)
{
    while (*list != NULL && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

/* As libcurl will read it. */
static bool
is_proxy(const char *text)
{
    static const char *const schemes[] = {"http",   "https",   "socks4", "socks4a",
                                          "socks5", "socks5h", NULL};
    CURLU *url = curl_url();
    char *scheme = NULL, *password = NULL;
    CURLUcode code = CURLUE_OUT_OF_MEMORY, secret = CURLUE_OK;
    bool good;

    if (url != NULL)
        code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        secret = curl_url_get(url, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
    good = code == CURLUE_OK && (secret == CURLUE_OK || secret == CURLUE_NO_PASSWORD) &&
           is_listed(schemes, scheme);
    curl_free(scheme);
    curl_free(password);
    curl_url_cleanup(url);
    return good;
}

/* What libcurl complains about it repeats, password and all. */
static int32_t
check_proxy(errand_job *job, const char *plugin, const char *text)
{
    if (*text == '\0' || is_proxy(text))
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "internal",
                         "errand.conf: [plugin %s] proxy: is not a proxy, must be "
                         "http://user:password@host:port",
                         plugin);
}

/* A certificate is of no use without its key, nor a key without its certificate. */
static int32_t
read_certificate(errand_job *job, const char *plugin, Settings *settings)
{
    settings->certificate_file = setting_text(job, "certificate-file");
    settings->key_file = setting_text(job, "private-key-file");
    if ((settings->certificate_file == NULL) != (settings->key_file == NULL))
        return errand_reject(job, "internal",
                             "errand.conf: [plugin %s] certificate-file and private-key-file: give "
                             "both or none",
                             plugin);
    if (settings->key_file == NULL)
        return ERRAND_SUCCEEDED;
    return private_file_check(job, plugin, "private-key-file", settings->key_file);
}

int32_t
settings_read(errand_job *job, const char *plugin, Settings *settings)
{
    const char *proxy = setting_text(job, "proxy");
    int32_t verdict;

    *settings = (Settings){.ca_file = setting_text(job, "ca-file"),
                           .proxy = proxy != NULL ? proxy : "",
                           .stall_bytes = STALL_BYTES,
                           .stall_ms = STALL_MS,
                           .retry_ms = RETRY_MS,
                           .tries = TRIES,
                           .patience_ms = PATIENCE_MS,
                           .traffic_limit = TRAFFIC_LIMIT,
                           .stream_block_size = STREAM_BLOCK_SIZE};
    verdict = read_numbers(job, plugin, settings);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = check_proxy(job, plugin, settings->proxy);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_no_proxy(job, plugin, settings);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_stream(job, plugin, settings);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = read_certificate(job, plugin, settings);
    return verdict;
}
