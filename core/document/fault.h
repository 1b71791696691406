/* Refusing a document, in words its author can act on: where (a JSON Pointer), what was found and
 * what is allowed. Pure; only sets PLAN_ERROR. */
#pragma once

#include "plan.h"

/* place is a JSON Pointer into the document, "" for the whole. */
void fault_set(GError **error, PlanError code, const char *place, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* value in quotes, made fit for a message: cleaned, clipped, secrets of URLs blanked. The caller
 * owns it. */
char *fault_quote(const char *value);
