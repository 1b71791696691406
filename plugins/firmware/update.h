/* One update under way: what the phases share. */
#pragma once

#include "journal.h"
#include "order.h"

typedef struct {
    errand_job *job;
    Order order;
    Journal journal;
    Booted booted;    /* the system that runs, where it was asked */
    char image[4096]; /* path of the image, or its URL when the installer fetches it */
    bool critical;    /* a cancel waits until the end of the run */
    bool again;       /* an earlier install did not return */
    bool unmarked;    /* the bad slot could not be marked bad */
    bool refused;     /* PHASE_FAILED is ERRAND_REJECTED: nothing was fetched or written */
} Update;

/* Makes `image` what the installer is to be given. ERRAND_SUCCEEDED or refused. */
int32_t update_locate(Update *self);
/* The image has done its work. */
void update_remove_image(Update *self);

/* The deeds of the phases. Each answers what happened; EVENT_FAILED has told a reason. */
Event update_fetch(Update *self);
Event update_inspect(Update *self);
Event update_install(Update *self);
Event update_restart(Update *self);
Event update_prove(Update *self);
Event update_health(Update *self);
Event update_confirm(Update *self);
/* Also for PHASE_FALLEN and PHASE_TAKE_BACK, with the slot meant. */
Event update_reject(Update *self, const char *slot);
/* The one that the image went into, by its name or, where it never told that, BACKEND_OTHER. */
const char *update_bad_slot(const Update *self);

/* The job has ended otherwise, `booted` runs: from the old system the other slot is rejected. The
 * new one is confirmed where that was begun, else rejected, and the machine to be restarted. */
int32_t update_clean(Update *self);

/* The verdict of an end, with its details and its reason. */
int32_t update_finish(Update *self, Phase end);

/* Keeps word and text of what is to be undone, for the end. */
__attribute__((format(printf, 3, 4))) void update_blame(Update *self, const char *reason,
                                                        const char *format, ...);
