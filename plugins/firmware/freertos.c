#include "freertos.h"

#include "version.h"

void
freertos_received(errand_job *job, int64_t have, int64_t total)
{
    char text[64];

    if (total < 0)
        return;
    snprintf(text, sizeof text, "%lld/%lld",
             (long long)((have + FREERTOS_BLOCK - 1) / FREERTOS_BLOCK),
             (long long)((total + FREERTOS_BLOCK - 1) / FREERTOS_BLOCK));
    errand_detail(job, "receive", text);
}

void
freertos_self_test(errand_job *job, const char *state, const char *version)
{
    int64_t packed = version_pack(version);
    char text[16] = "";

    if (packed >= 0)
        snprintf(text, sizeof text, "0x%08x", (unsigned)packed);
    errand_detail(job, "self_test", state);
    errand_detail(job, "updatedBy", text);
}
