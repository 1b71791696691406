/* Step documents: AWS IoT Device Client schema 1.0 and the AWS managed templates. Read with
 * tolerance, since thousands of them exist: flags and numbers also as text, null as absent, unknown
 * members ignored, entries without an action skipped. */
#pragma once

#include "dialect.h"

/* The document has a member `steps`. */
Plan *steps_plan(JsonObject *document, const PlanContext *context,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
