/* Every detail and argument that must be refused. */
#include "zoo.h"

#include <errno.h>
#include <string.h>

static int32_t
run(errand_job *job)
{
    static char long_key[130];
    char key[16];

    memset(long_key, 'k', sizeof long_key - 1);
    for (int i = 0; i < 32; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        if (errand_detail(job, key, "value") != 0)
            return errand_fail(job, "refused", "%s was refused", key);
    }
    if (errand_detail(job, "key-32", "value") != -E2BIG ||
        errand_detail(job, "key-1", "again") != 0)
        return errand_fail(job, "accepted", "the limit of pairs is not kept");
    if (errand_detail(job, "", "v") != -EINVAL || errand_detail(job, "a b", "v") != -EINVAL ||
        errand_detail(job, long_key, "v") != -EINVAL || errand_detail(job, NULL, "v") != -EINVAL ||
        errand_detail(job, "k\xc3\xa4se", "v") != -EINVAL ||
        errand_detail(job, "k", NULL) != -EINVAL)
        return errand_fail(job, "accepted", "a bad pair was accepted");
    if (errand_critical(job, 0) != -EINVAL || errand_critical(job, 2) != -EINVAL)
        return errand_fail(job, "accepted", "a bad critical was accepted");
    errand_log(job, 99, NULL);
    errand_log(job, 99, "text \xff\xfe that is no UTF-8");
    if (errand_get_string(job, NULL) != NULL || errand_get_int(job, "/x", NULL) != -EINVAL ||
        errand_get_bool(job, NULL, NULL) != -EINVAL || errand_get_length(job, NULL) != -EINVAL ||
        errand_get_type(job, NULL) != ERRAND_TYPE_NONE || errand_get_key(job, NULL, 0) != NULL ||
        errand_setting(job, NULL) != NULL || errand_setting_item(job, NULL, 0) != NULL)
        return errand_fail(job, "accepted", "NULL was accepted");
    return ERRAND_SUCCEEDED;
}

ZOO("bad-detail", run);
