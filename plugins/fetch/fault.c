#include "fault.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static int32_t
fail_not_allowed(errand_job *job, const char *path, const char *what, int error)
{
    char buffer[4096], name[64];
    struct passwd entry, *found = NULL;
    bool known = getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL;

    snprintf(name, sizeof name, "%s", known ? found->pw_name : "without a name");
    return errand_fail(job, "not-allowed", "%s: %s: %s for the user %s (%u)", path, what,
                       strerror(error), name, (unsigned)geteuid());
}

int32_t
fault_fail(errand_job *job, const char *path, const char *what, int error)
{
    bool no_space = error == ENOSPC || error == EDQUOT;

    if (error == EACCES || error == EPERM)
        return fail_not_allowed(job, path, what, error);
    return errand_fail(job, no_space ? "no-space" : "download-failed", "%s: %s: %s", path, what,
                       strerror(error));
}
