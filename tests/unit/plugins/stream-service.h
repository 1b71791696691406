/* An errand that has one stream in its memory, with faults, for plugins under test. */
#pragma once

#include "fake-host.h"

typedef struct {
    GBytes *content;
    int32_t version;
    guint answer_blocks;     /* at most so many for one request */
    guint lose_every;        /* 0: none is lost */
    int32_t describe_errors; /* so many of these ... */
    int32_t describe_error;  /* ... are answered with this */
    int32_t get_errors;      /* the same */
    int32_t get_error;
    guint get_after; /* after so many good answers */
    /* what was asked */
    guint n_described;
    guint n_gets;
    guint n_sent;
    gboolean *sent; /* by block */
    int32_t format;
    uint32_t block_size;
    /* called at each get, before it is answered */
    void (*on_get)(gpointer data);
    gpointer data;
} StreamService;

extern StreamService *service; /* of all hosts */

/* A stream of so many random bytes; stream_service_end() frees it. */
void stream_service_begin(gsize size);
void stream_service_end(void);
/* Gives a host the two functions. */
void stream_service_attach(FakeHost *host);
