/* Misbehaving plugins, one fault each. ZOO(name, run) makes a plugin and its only operation, both
 * of that name. */
#pragma once

#include <errand/plugin.h>

#define ZOO_WITH(zoo_name, zoo_check, zoo_run)                                                     \
    static const errand_operation operations[] = {                                                 \
        {zoo_name, "One fault", ERRAND_OP_RESUMABLE, 0, zoo_check, zoo_run}};                      \
    ERRAND_PLUGIN(zoo_name, "1.0", operations)
#define ZOO(zoo_name, zoo_run) ZOO_WITH(zoo_name, NULL, zoo_run)

#define ZOO_SOCKET 3 /* what errand-runner speaks to the daemon on */
