#include "settings.h"

#include "setting.h"

/* A link slower than this for this long is taken for dead; a 2G modem is faster. */
#define STALL_BYTES 64
#define STALL_MS    (60 * 1000)
#define RETRY_MS    1000

/* NULL when it is unset or empty. */
static const char *
read_text(errand_job *job, const char *key)
{
    const char *text = errand_setting(job, key);

    return text != NULL && *text != '\0' ? text : NULL;
}

int32_t
settings_read(errand_job *job, const char *plugin, Settings *settings)
{
    const char *proxy = read_text(job, "proxy");
    int32_t verdict;

    *settings = (Settings){.ca_file = read_text(job, "ca-file"),
                           .proxy = proxy != NULL ? proxy : "",
                           .stall_bytes = STALL_BYTES,
                           .stall_ms = STALL_MS,
                           .retry_ms = RETRY_MS};
    verdict = setting_size(job, plugin, "rate-limit", &settings->rate_limit);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_size(job, plugin, "stall-bytes", &settings->stall_bytes);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_duration(job, plugin, "stall-time", &settings->stall_ms);
    if (verdict == ERRAND_SUCCEEDED)
        verdict = setting_duration(job, plugin, "retry-delay", &settings->retry_ms);
    return verdict;
}
