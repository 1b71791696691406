/* The life of a job as data: which event takes it where, and what is to be done on the way.
 *
 * Pure. The dispatcher feeds events in and carries out the action named; everything that is not in
 * the table is LIFE_NOTHING: the event came too late or twice, the job stays where it is. */
#pragma once

#include <glib.h>

typedef enum {
    LIFE_WAITING,    /* held, not begun: another job runs alone, or there is no room */
    LIFE_CHECKING,   /* runners are asked whether the documents are acceptable */
    LIFE_CLAIMING,   /* the service is asked for the execution */
    LIFE_RUNNING,    /* a step was told to go */
    LIFE_CANCELLING, /* taken away, or the claim was refused; the runner is being stopped */
    LIFE_REBOOTING,  /* a step asked for a reboot that has not happened yet */
    LIFE_CLEANING,   /* it has ended, and the plugin puts the machine into order */
    LIFE_REPORTING,  /* the verdict is in and is being told to the service */
    LIFE_GONE,       /* nothing is left to do */
    LIFE_STATES,
} LifeState;

typedef enum {
    LIFE_EVENT_TURN,    /* there is room for it */
    LIFE_EVENT_CHECKED, /* every step's check said yes and the record is on disk */
    LIFE_EVENT_RESUMED, /* the same for a job that was claimed in an earlier life or boot */
    LIFE_EVENT_ACCEPTED,
    LIFE_EVENT_REFUSED,  /* the claim was: not ours to run */
    LIFE_EVENT_UNSTORED, /* the record cannot be written: not to be run, may be offered again */
    LIFE_EVENT_DECIDED,  /* there is a verdict */
    LIFE_EVENT_UNCLEAN,  /* it ends, and a step that has begun is to clean up first */
    LIFE_EVENT_REBOOT,   /* a step asked for a reboot and that is on disk */
    LIFE_EVENT_REBOOTED, /* the machine has come back (or this is pretended) */
    LIFE_EVENT_AWAY,     /* the service took the execution away */
    LIFE_EVENT_STOPPED,  /* the runner of a cancelled job is gone, and nothing is to be told */
    LIFE_EVENT_SETTLED,  /* the final status was taken or refused for good */
    LIFE_EVENTS,
} LifeEvent;

typedef enum {
    LIFE_NOTHING = 0,
    LIFE_CHECK,       /* start the runner of the current step */
    LIFE_CLAIM,       /* ask the service */
    LIFE_GO,          /* make "started" durable, tell the runner to go */
    LIFE_CLEAN,       /* make the end durable, have the plugin clean up */
    LIFE_REPORT,      /* make the verdict durable, tell the service */
    LIFE_STOP,        /* tell the runner to stop, report nothing */
    LIFE_DROP,        /* remove the record, keep a line of history */
    LIFE_GIVE_BACK,   /* forget it; it may be offered again */
    LIFE_AWAIT_REBOOT /* let nothing else start, have the machine restarted */
} LifeAction;

typedef struct {
    LifeState next;
    LifeAction action;
} LifeStep;

LifeStep lifecycle_next(LifeState state, LifeEvent event);
/* "waiting", "checking" ... for people. */
const char *lifecycle_word(LifeState state);
/* Whether a job there counts against [jobs] max-parallel. */
gboolean lifecycle_occupies(LifeState state);
