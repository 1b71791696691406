/* Stands in where the plugin is built without this installer. */
#include "backend.h"

static int32_t
refuse(errand_job *job)
{
    return errand_reject(job, "not-allowed",
                         "backend swupdate is not built into this plugin firmware");
}

static int32_t
refuse_booted(errand_job *job, Booted *booted)
{
    return refuse(job);
}

static int32_t
refuse_install(errand_job *job, const char *image, bool again)
{
    return refuse(job);
}

static int32_t
refuse_reject(errand_job *job, const char *slot)
{
    return refuse(job);
}

const Backend backend_swupdate = {
    .name = "swupdate",
    .check = refuse,
    .booted = refuse_booted,
    .install = refuse_install,
    .confirm = refuse,
    .reject = refuse_reject,
};
