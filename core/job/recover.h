/* What a job found on disk means now: the decision after a crash, restart or reboot of errand.
 *
 * Pure: stored record + id of the current boot + limits -> what to do. */
#pragma once

#include "job-store.h"

typedef enum {
    RECOVER_FORGET,       /* it was not even claimed for: whoever sent it offers it again */
    RECOVER_OFFER,        /* nothing with a side effect ran: check and claim it anew */
    RECOVER_NEXT,         /* the step before is done, this one was not begun: START_FIRST */
    RECOVER_RESUME,       /* run the step again, START_INTERRUPTED */
    RECOVER_REBOOTED,     /* run the step again, START_REBOOTED */
    RECOVER_AWAIT_REBOOT, /* same boot as when the reboot was asked for: ask again, max_attempts
                             times */
    RECOVER_FAIL,         /* FAILED with `reason` and `message` */
    RECOVER_CLEAN,        /* it has ended; have its plugin clean up, then tell the stored verdict */
    RECOVER_FINISH,       /* tell the stored verdict again */
} RecoverAction;

typedef struct {
    RecoverAction action;
    const char *reason; /* static; RECOVER_FAIL only */
    char *message;      /* owned; RECOVER_FAIL only */
} RecoverPlan;

/* boot_id may be NULL when the kernel's could not be read: then no reboot counts as proved. A step
 * is started max_attempts times, twice as often once its job had the machine restarted. */
void recover_decide(const JobRecord *record, const char *boot_id, guint max_attempts,
                    RecoverPlan *plan);
/* "run again" and so on, for the log. */
const char *recover_word(RecoverAction action);
void recover_clear(RecoverPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RecoverPlan, recover_clear)
