/* One backend of plugin firmware as a plugin of its own: an operation for each member, so that it
 * can be driven without the rest. The document says {"image": PATH, "slot": NAME}. */
#include "backend.h"

#ifndef BACKEND
#error "BACKEND is the backend's constant"
#endif

static int32_t
run_check(errand_job *job)
{
    return BACKEND.check(job);
}

static int32_t
run_booted(errand_job *job)
{
    Booted booted;
    int32_t verdict = BACKEND.booted(job, &booted);

    if (verdict == ERRAND_SUCCEEDED) {
        errand_detail(job, "slot", booted.slot);
        errand_detail(job, "version", booted.version);
    }
    return verdict;
}

static int32_t
run_inspect(errand_job *job)
{
    Image image;
    int32_t verdict = BACKEND.inspect(job, errand_get_string(job, "/image"), &image);

    if (verdict == ERRAND_SUCCEEDED) {
        errand_detail(job, "compatible", image.compatible);
        errand_detail(job, "version", image.version);
    }
    return verdict;
}

static int32_t
run_install(errand_job *job)
{
    return BACKEND.install(job, errand_get_string(job, "/image"), false);
}

static int32_t
run_again(errand_job *job)
{
    return BACKEND.install(job, errand_get_string(job, "/image"), true);
}

static int32_t
run_confirm(errand_job *job)
{
    return BACKEND.confirm(job);
}

static int32_t
run_reject(errand_job *job)
{
    return BACKEND.reject(job, errand_get_string(job, "/slot"));
}

static const errand_operation operations[] = {
    {"check", "", 0, 0, NULL, run_check},     {"booted", "", 0, 0, NULL, run_booted},
    {"inspect", "", 0, 0, NULL, run_inspect}, {"install", "", 0, 0, NULL, run_install},
    {"again", "", 0, 0, NULL, run_again},     {"confirm", "", 0, 0, NULL, run_confirm},
    {"reject", "", 0, 0, NULL, run_reject},
};

ERRAND_PLUGIN("backend", "1.0", operations);
