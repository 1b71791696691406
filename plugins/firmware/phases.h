/* The order of things in an update, as a table: where the update is, what happened, where it goes.
 *
 * Pure. Phases up to PHASE_TAKE_BACK are on disk before they act, so that an update goes on from
 * there after a crash, a power cut or a reboot; what it finds then is an event, too. The ends are
 * never stored. */
#pragma once

typedef enum {
    PHASE_FETCH,     /* the image comes to this machine */
    PHASE_INSPECT,   /* it is looked at, nothing is written */
    PHASE_INSTALL,   /* the installer writes it to the other slot */
    PHASE_RESTART,   /* installed: the machine is to boot it */
    PHASE_PROVE,     /* another slot runs: is it the right system? */
    PHASE_HEALTH,    /* it is: does it work? */
    PHASE_CONFIRM,   /* it does: this slot stays */
    PHASE_REJECT,    /* it does not: this slot goes */
    PHASE_RETURN,    /* the machine is to boot the old one */
    PHASE_FALLEN,    /* the old slot runs again */
    PHASE_TAKE_BACK, /* cancelled before the reboot: the other slot must not be booted */
    PHASE_REBOOT,    /* end of this run, not of the update: ERRAND_REBOOT */
    PHASE_SUCCEEDED,
    PHASE_FAILED,      /* the reason was told */
    PHASE_UNCONFIRMED, /* the new system runs and is healthy, but could not be marked good */
    PHASE_ROLLED_BACK,
    PHASE_STUCK, /* the bad slot runs, also after it was rejected */
    PHASE_CANCELLED,
    PHASES
} Phase;

typedef enum {
    EVENT_DONE,
    EVENT_BAD,    /* the system that runs is not what it should be */
    EVENT_FAILED, /* it could not be done; the reason was told */
    EVENT_CANCELLED,
    /* The plugin was started in the middle: */
    EVENT_SAME_BOOT, /* nothing but a crash or a restart of errand happened */
    EVENT_OLD_SLOT,  /* the machine was restarted, the slot from before the update runs */
    EVENT_NEW_SLOT,  /* the machine was restarted, another slot runs */
    EVENTS
} Event;

/* PHASE_FAILED for what cannot happen. */
Phase phases_next(Phase phase, Event event);
/* Nothing is left to do in this run. */
int phases_is_end(Phase phase);
/* Whether the slot that runs has to be looked at to tell what happened while nobody was there. */
int phases_needs_slot(Phase phase);

/* Words of the stored state and the log; PHASES for a word that is none. */
const char *phases_word(Phase phase);
Phase phases_from_word(const char *word);
