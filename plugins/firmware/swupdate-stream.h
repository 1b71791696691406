/* One image through SWUpdate, from the accepted request to the final word.
 *
 * A request that was accepted may still be lost: SWUpdate 2022.12 answers before it is ready to be
 * woken. Nobody reads the image then; the caller asks again.
 */
#pragma once

#include "swupdate-link.h"

#include <errand/plugin.h>

typedef enum {
    SWUPDATE_SUCCEEDED,
    SWUPDATE_FAILED,     /* its notes say why */
    SWUPDATE_GONE,       /* it closed the progress socket */
    SWUPDATE_SILENT,     /* it is there but gave no sign of life within the timeout */
    SWUPDATE_NOT_TAKEN,  /* it accepted the request and forgot it */
    SWUPDATE_UNREADABLE, /* the image; errno says why */
    SWUPDATE_CANCELLED,
} SwupdateOutcome;

#define SWUPDATE_PIECE 16384

typedef struct {
    /* Set by the caller. */
    errand_job *job;
    SwupdateProgress progress; /* connected before the request */
    SwupdateNotes notes;
    int control;      /* what the request gave */
    int image;        /* open for reading */
    const char *word; /* for errand_progress() */
    bool dry_run;     /* watches for a cancel, and tells no percents */
    int64_t timeout_ms;

    char version[256]; /* found: what SWUpdate calls the image, "" until it has told */
    bool begun;        /* found: heard from its beginning on; SWUpdate may notice a listener late */

    /* The stream's own, made anew for each. */
    struct {
        char piece[SWUPDATE_PIECE];
        size_t length, sent;
        bool ended;  /* all of the image is on its way */
        bool closed; /* SWUpdate reads no more */
        bool heard;  /* anything on the progress socket */
        int idle;    /* times in a row that it said to do nothing */
        int percent;
        int64_t life; /* its last sign of life */
    } now;
} SwupdateStream;

/* Sends the image from where its descriptor stands. */
SwupdateOutcome swupdate_stream(SwupdateStream *self);
