/* The inside of a Host, for the files that implement its table: host.c has the table and what needs
 * nobody, host-document.c the document, host-tell.c what goes to the daemon, host-stream.c streams.
 */
#pragma once

#include "document.h"
#include "host.h"
#include "rate.h"

struct _Host {
    errand_job handle; /* first: the plugin's handle is the Host */
    Client *client;
    Packet *start;

    GMutex lock; /* everything below */
    gboolean running;
    StartReason reason_started;
    GPtrArray *documents; /* Document *, the last one counts; older text stays valid */
    GPtrArray *states;    /* GBytes *, likewise */
    gboolean state_lent;  /* load_state() has handed the last one out */
    GHashTable *items;    /* setting -> char **, split on demand */
    GHashTable *details;  /* keys given so far */
    char *word;
    char *text;

    Rate stream_rate; /* of whoever has begun a stream */
};

/* host-document.c */
const char *host_document(errand_job *job, size_t *length);
const char *host_get_string(errand_job *job, const char *pointer);
int32_t host_get_int(errand_job *job, const char *pointer, int64_t *value);
int32_t host_get_bool(errand_job *job, const char *pointer, int32_t *value);
int32_t host_get_length(errand_job *job, const char *pointer);
int32_t host_get_type(errand_job *job, const char *pointer);
const char *host_get_key(errand_job *job, const char *pointer, int32_t index);
int32_t host_refresh_document(errand_job *job);

/* host-tell.c */
void host_log(errand_job *job, int32_t level, const char *text);
int32_t host_progress(errand_job *job, int32_t percent, const char *step);
int32_t host_detail(errand_job *job, const char *key, const char *value);
int32_t host_give_reason(errand_job *job, const char *word, const char *text);
int32_t host_cancelled(errand_job *job);
int32_t host_cancel_fd(errand_job *job);
int32_t host_critical(errand_job *job, int32_t enter);
int32_t host_save_state(errand_job *job, const void *data, size_t length);
const void *host_load_state(errand_job *job, size_t *length);

/* host-stream.c */
int32_t host_stream_describe(errand_job *job, const char *stream, int32_t format, int32_t file,
                             errand_stream_file *found);
int32_t host_stream_get(errand_job *job, const errand_stream_request *request);

/* FALSE during check(), where a plugin only looks. */
gboolean host_is_running(Host *self);
