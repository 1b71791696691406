/* What became of a step: the one table that turns how a runner ended into an outcome.
 *
 * Pure. First match wins:
 *
 *   deadline passed                        FAILED timed-out (whose deadline is named)
 *   cancelled, result SUCCEEDED            SUCCEEDED (the work is done; the cloud may refuse it)
 *   cancelled, otherwise                   CANCELLED, nothing is reported
 *   protocol fault                         FAILED protocol
 *   died by a signal, no result            FAILED crashed (the signal named)
 *   no result (exit, quit, end of file)    FAILED no-result (the exit status named)
 *   result FAILED or REJECTED              as said; without a word: internal, "gave no reason"
 *   result CANCELLED without a cancel      FAILED internal
 *   result REBOOT                          REBOOT
 *   result SUCCEEDED                       SUCCEEDED
 *
 * A result followed by a crash at exit keeps the result: the plugin had said its last word.
 */
#pragma once

#include "packet.h"

typedef struct {
    gboolean deadline_passed;
    guint deadline_s;           /* for the text */
    gboolean cancelled;         /* errand asked the step to stop */
    const char *protocol_fault; /* text, or NULL */
    int wait_status;            /* of waitpid(); -1 when unknown */
    gboolean has_result;
    Outcome result;
    const char *reason; /* the plugin's word and text, or NULL */
    const char *message;
    const char *plugin;   /* its name, for the text */
    gboolean out_of_time; /* the deadline was the service's for the job, not the step's own */
} VerdictInput;

/* Whose doing the end was. */
typedef enum {
    VERDICT_END_STOPPED = 0, /* errand's, or nobody knows */
    VERDICT_END_SAID,        /* the runner told a result */
    VERDICT_END_CRASHED,     /* it died, or left without one */
} VerdictEnd;

typedef struct {
    Outcome outcome;
    char *reason;  /* NULL unless FAILED or REJECTED */
    char *message; /* NULL unless FAILED or REJECTED */
    char *signal;  /* "SIGSEGV", or NULL */
    int exit_code; /* of the runner, -1 when it did not exit by itself */
    VerdictEnd end;
} Verdict;

void verdict_decide(const VerdictInput *input, Verdict *verdict);
void verdict_clear(Verdict *verdict);
/* "SIGKILL" for 9; never NULL. Static or interned. */
const char *verdict_signal_name(int number);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)
