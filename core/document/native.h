/* Documents that are one operation: `operation` documents of errand, Device Client legacy
 * documents, and documents claimed by a top-level key.
 *
 * What none of these fits is an invalid document, unless a member is an object: dialects of their
 * own are written like that ({"ota":{...}}), so a plugin that claims it may exist, and the answer
 * is "unknown operation". */
#pragma once

#include "dialect.h"

/* document was parsed from text and has no `steps`. */
Plan *native_plan(JsonObject *document, const char *text, gsize length, const PlanContext *context,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
