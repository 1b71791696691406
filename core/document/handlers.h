/* runHandler: the handlers of the AWS IoT Device Client.
 *
 * A step names an executable and its arguments. Handlers that the Device Client ships and errand
 * does better by itself (reboot.sh, shutdown.sh, download-file.sh) become errand's operations,
 * unless the owner has put a file of that name into a handler directory. Everything else goes to
 * the operation runHandler.
 */
#pragma once

#include "dialect.h"

/* input is {"handler","args","path"} at place. On success sets step's operation and input; on
 * failure the error and FALSE. The operation may be one nobody serves. */
gboolean handlers_plan(JsonObject *input, const char *place, const PlanContext *context,
                       PlanStep *step, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a document whose `operation` is name is a Device Client legacy document here: the owner
 * has such a handler, or errand serves it by itself. */
gboolean handlers_serve(const char *name, const PlanContext *context);
