/* Uses a library with a function that one inside errand-runner is named like: json-glib has a
 * json_object_iter_next(), and so has jansson. The plugin must get its own. */
#include "zoo.h"

int json_object_iter_next(void);

static int32_t
run(errand_job *job)
{
    int answer = json_object_iter_next();

    if (answer == 42)
        return ERRAND_SUCCEEDED;
    return errand_fail(job, "wrong-library", "the answer is %d", answer);
}

ZOO("namesake", run);
