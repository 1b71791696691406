/* Typed reading of a plugin's settings in errand.conf.
 *
 * A setting that is unset or empty leaves *value alone: set it to the default first. A bad value is
 * the gateway's fault, not the document's, and is told with the reason `internal`, naming group,
 * key and what is allowed. An int32_t is ERRAND_SUCCEEDED or ERRAND_REJECTED.
 */
#pragma once

#include <errand/plugin.h>
#include <stdbool.h>

/* As it is written; NULL when it is unset or empty. The text is errand's. */
const char *setting_text(errand_job *job, const char *key);
/* "true" or "false". */
int32_t setting_bool(errand_job *job, const char *plugin, const char *key, bool *value);
/* "500ms", "10s", "5min", "2h", "1d"; *value in milliseconds, at least 1. */
int32_t setting_duration(errand_job *job, const char *plugin, const char *key, int64_t *value);
/* "1000", "64K", "10M", "2G"; *value in bytes, at least 1. */
int32_t setting_size(errand_job *job, const char *plugin, const char *key, int64_t *value);

/* The index-th item of a list setting, or of `defaults` (NULL-terminated) when it is unset; NULL
 * past the end. A list that is set but empty has no items. */
const char *setting_list_item(errand_job *job, const char *key, const char *const *defaults,
                              int32_t index);
/* Whether a list setting (unset counts as "*") has `value` or "*" in it. */
bool setting_list_allows(errand_job *job, const char *key, const char *value);
