/* Calls a function that nobody has. */
#include "zoo.h"

int32_t nobody_has_this_function(void);

static int32_t
run(errand_job *job)
{
    return nobody_has_this_function();
}

ZOO("undefined-symbol", run);
