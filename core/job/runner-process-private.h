/* What runner-process.c (the process), runner-process-packets.c (what it says, and what it is
 * passed) and runner-process-stop.c (how it is ended early) share. */
#pragma once

#include "child.h"
#include "output-tail.h"
#include "runner-link.h"
#include "runner-process.h"

typedef enum {
    RUNNER_LOADING, /* the plugin is loaded and asked */
    RUNNER_WAITING, /* it said yes and waits for go */
    RUNNER_RUNNING,
    RUNNER_SAID, /* its last word is in; it only has to leave */
    RUNNER_LEFT, /* the process has ended; output may still come */
} RunnerPhase;

struct _RunnerProcess {
    RunnerProcessCallbacks callbacks;
    gpointer user_data;
    char *job_id;
    char *plugin;
    gboolean check_only;
    gint64 grace_ms;

    RunnerPhase phase;
    Child *child;
    RunnerLink *link;
    OutputTail *out;
    OutputTail *err;

    GSource *deadline; /* of check, then of the step, then of leaving, then of the output */
    GSource *ladder;
    guint rung;        /* steps of the ladder taken */
    guint sweeps;      /* for what the runner left behind */
    gboolean swept;    /* none of it is left but output */
    gboolean critical; /* the plugin is in a critical section */
    gboolean held;     /* the ladder waits for its end */
    guint logged;      /* lines of the plugin so far */

    gboolean resumable;
    gboolean cleanup;
    guint timeout_s;

    /* for the verdict */
    gboolean killed; /* by errand for another reason than deadline, cancel or fault */
    gboolean deadline_passed;
    gboolean out_of_time; /* the deadline was the service's */
    gint64 go_us;         /* when it was told to go */
    guint deadline_s;
    gboolean cancelled;
    char *fault;
    gboolean has_result;
    Outcome result;
    char *word;
    char *text;
};

void runner_process_on_packet(const Packet *packet, gpointer user_data);
void runner_process_on_fault(const char *text, gpointer user_data);
/* The runner has no more to say: it is killed unless it leaves shortly. */
void runner_process_expect_exit(RunnerProcess *self);
/* runner-process-stop.c: the step's time is over. */
gboolean runner_process_on_deadline(gpointer user_data);
/* Takes the next step of the ladder, or holds it. */
void runner_process_climb(RunnerProcess *self);
