#include "config-groups.h"

#define SECOND_MS      1000
#define DAY_MS         (24 * 3600 * SECOND_MS)
/* AWS IoT lets a step timer run for at most 7 days (10080 minutes). */
#define TIMEOUT_MAX_MS ((gint64)7 * DAY_MS)

void
config_read_jobs(Config *self, Keyfile *file)
{
    static const char *const workflows[] = {"next", "start-next", "available", NULL};
    static const char *const unknown[] = {"reject", "ignore", NULL};
    SessionOptions *session = &self->session;
    DispatcherOptions *dispatcher = &self->dispatcher;

    session->workflow =
        (SessionWorkflow)keyfile_choice(file, "jobs", "workflow", workflows, SESSION_NEXT);
    session->progress_interval_ms =
        keyfile_duration(file, "jobs", "progress-interval", 100, DAY_MS, 10 * SECOND_MS);
    session->resync_interval_ms =
        keyfile_duration(file, "jobs", "resync-interval", SECOND_MS, DAY_MS, 15 * 60 * SECOND_MS);
    session->request_timeout_ms =
        keyfile_duration(file, "jobs", "request-timeout", 500, 600 * SECOND_MS, 10 * SECOND_MS);
    dispatcher->max_parallel = (guint)keyfile_integer(file, "jobs", "max-parallel", 1, 64, 1);
    dispatcher->default_timeout_ms = keyfile_duration(file, "jobs", "default-timeout", SECOND_MS,
                                                      TIMEOUT_MAX_MS, 3600 * SECOND_MS);
    dispatcher->cancel_grace_ms =
        keyfile_duration(file, "jobs", "cancel-grace", 0, 3600 * SECOND_MS, 10 * SECOND_MS);
    dispatcher->max_attempts = (guint)keyfile_integer(file, "jobs", "max-attempts", 1, 100, 3);
    dispatcher->ignore_unknown = keyfile_choice(file, "jobs", "unknown-operation", unknown, 0) == 1;
    if (session->workflow == SESSION_START_NEXT && dispatcher->ignore_unknown)
        keyfile_fault(file, "jobs", "unknown-operation",
                      "ignore needs workflow=next or available: start-next has begun a job before "
                      "its document is known, so that no other agent can take it");
    if (session->workflow != SESSION_AVAILABLE && dispatcher->max_parallel > 1)
        keyfile_fault(
            file, "jobs", "max-parallel",
            "more than 1 needs workflow=available: the next workflows hand out one job at a time");
}
