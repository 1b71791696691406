#include "private-file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int32_t
private_file_check(errand_job *job, const char *plugin, const char *key, const char *path)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return errand_reject(job, "internal", "errand.conf: [plugin %s] %s: %s: %s", plugin, key,
                             path, strerror(errno));
    if (!S_ISREG(found.st_mode))
        return errand_reject(job, "internal", "errand.conf: [plugin %s] %s: %s: no regular file",
                             plugin, key, path);
    if (found.st_uid != 0 && found.st_uid != geteuid())
        return errand_reject(job, "internal",
                             "errand.conf: [plugin %s] %s: %s: belongs to user %u; to mend: chown "
                             "%u %s",
                             plugin, key, path, (unsigned)found.st_uid, (unsigned)geteuid(), path);
    if ((found.st_mode & 077) != 0)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin %s] %s: %s: mode %04o, others can read the key; "
                             "to mend: chmod 600 %s",
                             plugin, key, path, found.st_mode & 07777, path);
    return ERRAND_SUCCEEDED;
}
