/* Running one program as one step of a job: started as another account, watched, stopped.
 *
 * The child has standard input from /dev/null, the runner's standard output and error (pipes that
 * errand drains and keeps the tails of), no other descriptor, the runner's process group, default
 * signal dispositions, an empty signal mask and umask 022. Switching the account drops
 * supplementary groups and all capabilities; no_new_privs is not set, because the owner may let an
 * account use sudo.
 */
#pragma once

#include "account.h"
#include "words.h"

typedef struct {
    const char *program; /* absolute path; nothing is searched */
    char *const *argv;
    char *const *envp;
    const char *directory;  /* absolute; entered as the new account */
    const Account *account; /* NULL: as the runner is */
    int64_t limit_ms;       /* 0: none; afterwards the child and its descendants are stopped */
    bool stubborn;          /* a cancel does not stop it */
    /* Gets what the child writes to standard output, line by line, without line ends, longer lines
     * in pieces of at most CHILD_LINE_MAX bytes. NULL: it goes to the runner's standard output. */
    void (*line)(void *data, const char *line);
    void *data;
} ChildSpec;

#define CHILD_LINE_MAX 1023

/* What became of a child, for a caller that judges by itself. */
typedef struct {
    int exit_code;    /* -1 when it did not exit */
    int signal;       /* 0 when none ended it */
    const char *word; /* NULL after exit 0 and for a cancel; else the reason, as below */
    char text[512];   /* for people, without the program's name when it ran */
} ChildEnd;

/* Runs the program to its end and reports:
 *   exit 0             ERRAND_SUCCEEDED
 *   other exit         ERRAND_FAILED exit-status, with the detail exitCode
 *   signal             ERRAND_FAILED killed, with the detail signal ("SIGKILL")
 *   could not start    ERRAND_FAILED not-found, not-allowed or internal
 *   limit_ms over      ERRAND_FAILED timed-out, with everything that descends from it stopped
 *   errand_cancelled() ERRAND_CANCELLED, with everything that descends from the child stopped
 * The step ends with the child, whatever it leaves behind. */
int32_t child_run(errand_job *job, const ChildSpec *spec);

/* The same, with nothing told to errand but heartbeats. */
int32_t child_try(errand_job *job, const ChildSpec *spec, ChildEnd *end);

/* The documented environment: PATH (fixed), HOME, USER, LOGNAME, SHELL of the account, LANG (the
 * runner's, else C.UTF-8), LC_ALL, TZ and the proxy variables of the runner where set,
 * ERRAND_JOB_ID, ERRAND_STEP. */
void child_environment(errand_job *job, const Account *account, Words *environment);

/* Where programs named without a directory are looked for. */
#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
