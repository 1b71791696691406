/* One job execution as the service describes it. A plain value; owns its members. Apart from
 * jobs-message.h because session.h hands it to those who know nothing of messages. */
#pragma once

#include "execution.h"

typedef struct {
    ExecutionId *id;
    ExecutionStatus status; /* as the service sees it: QUEUED, IN_PROGRESS, ... */
    gint64 version;         /* versionNumber; never sent back */
    gint64 seconds_left;    /* approximateSecondsBeforeTimedOut; -1 when no timer runs */
    char *document;         /* JSON text; NULL when the message carried none */
    GHashTable *details;    /* statusDetails the service keeps: char * -> char *; never NULL */
} JobsExecution;

void jobs_execution_free(JobsExecution *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobsExecution, jobs_execution_free)
