/* The owner's settings for transfers, in the group of the plugin that fetches. */
#pragma once

#include <errand/plugin.h>

typedef struct {
    const char *ca_file; /* NULL: the system's */
    const char *proxy;   /* "" for none */
    int64_t rate_limit;  /* bytes a second, 0 for none */
    int64_t stall_bytes; /* fewer bytes a second than this ... */
    int64_t stall_ms;    /* ... for this long is a stalled transfer */
    int64_t retry_ms;    /* pause before the first retry */
} Settings;

/* ERRAND_SUCCEEDED, or refused with `internal`, naming group and key. The texts are errand's. */
int32_t settings_read(errand_job *job, const char *plugin, Settings *settings);
