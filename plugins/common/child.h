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
} ChildSpec;

/* Runs the program to its end and reports:
 *   exit 0             ERRAND_SUCCEEDED
 *   other exit         ERRAND_FAILED exit-status, with the detail exitCode
 *   signal             ERRAND_FAILED killed, with the detail signal ("SIGKILL")
 *   could not start    ERRAND_FAILED not-found, not-allowed or internal
 *   errand_cancelled() ERRAND_CANCELLED, with everything that descends from the child stopped
 * The step ends with the child, whatever it leaves behind. */
int32_t child_run(errand_job *job, const ChildSpec *spec);

/* The documented environment: PATH (fixed), HOME, USER, LOGNAME, SHELL of the account, LANG (the
 * runner's, else C.UTF-8), LC_ALL, TZ and the proxy variables of the runner where set,
 * ERRAND_JOB_ID, ERRAND_STEP. */
void child_environment(errand_job *job, const Account *account, Words *environment);

/* Where programs named without a directory are looked for. */
#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
