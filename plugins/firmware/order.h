/* What a document orders: which image from where, proved by what, for which installer.
 *
 * Texts are the document's and the configuration's, valid until check() or run() returns. */
#pragma once

#include "backends.h"
#include "fetch.h"

typedef struct {
    const Backend *backend;
    const char *version; /* the document's, or NULL */
    bool freertos;       /* an afr_ota document: its own status keys are kept up */
    bool streaming;      /* the installer gets the URL, nothing is fetched here */
    Fetch fetch;         /* all but where to; owns the signature */
} Order;

/* ERRAND_SUCCEEDED or refused. order_clear() in any case. */
int32_t order_read(errand_job *job, Order *order);
void order_clear(Order *order);
/* For a step that goes on: the installer set up here and the document's kind, which is all that is
 * needed once the image is installed. What the document orders was agreed to before it began.
 * ERRAND_SUCCEEDED, or failed. */
int32_t order_resume(errand_job *job, Order *order);

/* For order_read(): the part that differs, and the image's URL pointer or stream with it. */
int32_t order_read_freertos(errand_job *job, Order *order);

/* The floor `minimum-version`. ERRAND_SUCCEEDED, also without one; else refused, not-allowed. */
int32_t order_check_floor(errand_job *job, const char *version, const char *whose);
