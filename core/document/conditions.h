/* `conditions` of a step document: for which devices it is meant. The Device Client reads but never
 * evaluates them; errand does: all conditions must hold, a condition holds when any of its values
 * equals the fact, and one on a fact nobody knows here holds. */
#pragma once

#include "dialect.h"

/* PLAN_ERROR_CONDITION_NOT_MET, or PLAN_ERROR_INVALID_DOCUMENT for a malformed one. */
gboolean conditions_check(JsonObject *document, const PlanContext *context,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
