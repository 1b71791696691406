/* The owner's settings for transfers, in the group of the plugin that fetches. */
#pragma once

#include <errand/plugin.h>

#define SETTINGS_NO_PROXY_SIZE 2048

typedef struct {
    const char *ca_file;                   /* NULL: the system's */
    const char *certificate_file;          /* our own, with its key; NULL: none */
    const char *key_file;                  /* vetted: private, a regular file */
    const char *proxy;                     /* "" for none */
    char no_proxy[SETTINGS_NO_PROXY_SIZE]; /* as libcurl takes it: separated by commas */
    int64_t rate_limit;                    /* bytes a second, 0 for none */
    int64_t stall_bytes;                   /* fewer bytes a second than this ... */
    int64_t stall_ms;                      /* ... for this long is a stalled transfer */
    int64_t retry_ms;                      /* pause before the first retry */
    int64_t tries;                         /* in a row that bring nothing new */
    int64_t patience_ms;                   /* without one new byte */
    int64_t traffic_limit;                 /* all that is received, in sizes of the file */
    int64_t time_limit_ms;                 /* for all of it, 0 for none */
    int64_t stream_format;                 /* ERRAND_STREAM_* */
    int64_t stream_block_size;
} Settings;

/* ERRAND_SUCCEEDED, or refused with `internal`, naming group and key. The texts are errand's. */
int32_t settings_read(errand_job *job, const char *plugin, Settings *settings);
