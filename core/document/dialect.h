/* What the dialects share: the context's questions, safe to ask, and building steps. Internal to
 * core/document. */
#pragma once

#include "plan.h"

#include <json-glib/json-glib.h>

/* A missing callback answers no. */
gboolean dialect_knows(const PlanContext *context, const char *operation);
const char *dialect_operation_for_key(const PlanContext *context, const char *key);
const char *dialect_fact(const PlanContext *context, const char *key);
/* FALSE for anything but a bare file name, without asking. */
gboolean dialect_has_handler(const PlanContext *context, const char *name);

/* Sets PLAN_ERROR_UNKNOWN_OPERATION when no plugin serves it. */
gboolean dialect_require(const PlanContext *context, const char *operation, const char *place,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

void dialect_step_free(PlanStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanStep, dialect_step_free)

Plan *dialect_plan_new(void);
/* The text of an object; new. */
char *dialect_text(JsonObject *object);
