/* clone, become the account, exec: the half of child.h that runs between clone and exec.
 *
 * The child shares the runner's memory until exec, and the runner may have threads, so it calls
 * only async-signal-safe functions; all it needs is prepared before.
 */
#pragma once

#include "child.h"

typedef enum {
    CHILD_STAGE_FORK,
    CHILD_STAGE_ACCOUNT,
    CHILD_STAGE_DIRECTORY,
    CHILD_STAGE_EXEC,
} ChildStage;

/* What went wrong, and where. */
typedef struct {
    int stage; /* ChildStage */
    int error; /* errno value */
} ChildFault;

/* The pid of the started program, or -1 with *fault filled: then nothing is left running. Its
 * standard output is `output`, -1: the runner's. */
pid_t child_start(const ChildSpec *spec, int output, ChildFault *fault);
