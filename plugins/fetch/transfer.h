/* A fetch under way: what every source of a file needs, wherever its bytes come from.
 *
 * fetch.c makes one and gives it to a source (http.h, stream.h), which fills the sink and says
 * whether the file is there. What a source wants to know after an interruption it keeps itself
 * (state.h).
 */
#pragma once

#include "fetch.h"
#include "settings.h"
#include "sink.h"
#include "source.h"

typedef struct {
    errand_job *job;
    const Fetch *fetch;
    Settings settings;
    char name[SOURCE_NAME_SIZE]; /* where from, for people */
    int fd;                      /* the part file, -1 until transfer_open() */
    Sink sink;
    bool resumed;    /* the sink's content came in more than one piece */
    bool restarted;  /* fetched again from the first byte, because the checksum was wrong */
    int64_t fetched; /* bytes received by this process */
    int64_t length;  /* of the file, as far as anybody told (budget.h) */
    int64_t started_ms, reported_ms;
    /* What earlier runs told about themselves (state.h). */
    int64_t received_before, had_before, spent_before_ms;
} Transfer;

/* Opens the part file, an earlier one if `resume` and there is one (self->resumed tells), and the
 * sink. ERRAND_SUCCEEDED, FAILED and told, or CANCELLED. */
int32_t transfer_open(Transfer *self, bool resume);
/* Opens the sink on self->fd and hashes all that is there: for a source that does not write from
 * front to back. ERRAND_SUCCEEDED, FAILED and told, or CANCELLED. */
int32_t transfer_reread(Transfer *self);
/* Leaves the part file and self->fd alone. */
void transfer_close(Transfer *self);

/* Tells progress, at most twice a second; `total` is -1 when unknown. */
void transfer_report(Transfer *self, const char *step, int64_t total);
/* The same at once. */
void transfer_report_now(Transfer *self, const char *step, int64_t total);

/* Whether a wrong file will be known as one when it is whole, whatever its pieces were: there is a
 * checksum or a signature. */
bool transfer_has_proof(const Transfer *self);

/* FAILED and told: the file has `found` bytes ("or more" as `more`), not fetch->size. */
int32_t transfer_wrong_size(Transfer *self, int64_t found, const char *more);
/* FAILED and told, for a negative errno value of the sink; `total` is -1 when unknown. */
int32_t transfer_write_failed(Transfer *self, int error, int64_t total);

/* Whether what the sink has is the file: ERRAND_SUCCEEDED, ERRAND_CANCELLED, or FAILED and told.
 * *again: it came in pieces that do not fit; the sink is empty, and it must be fetched once more,
 * whole. */
int32_t transfer_verify(Transfer *self, bool *again);

/* Bytes received and time spent by all runs of the step. */
int64_t transfer_received(const Transfer *self);
int64_t transfer_spent_ms(const Transfer *self);

/* What a source keeps over an interruption, by fetch->save and fetch->load where they are given. 0
 * or a negative errno value; the bytes saved last, or NULL. */
int32_t transfer_save(const Transfer *self, const void *data, size_t length);
const void *transfer_load(const Transfer *self, size_t *length);

/* CLOCK_BOOTTIME in milliseconds. */
int64_t transfer_now_ms(void);
