/* A gateway to parse documents for: the operations errand ships, handlers and facts that a test
 * chooses, and assertions on plans. */
#pragma once

#include "plan.h"

/* A step document with this one action. */
#define STEP(action) "{\"steps\":[{\"action\":" action "}]}"

/* NULL-terminated lists; NULL stands for none. */
typedef struct {
    const char *const *operations; /* NULL: those errand ships */
    const char *const *handlers;
    const char *os;
    PlanContext context; /* filled by document_test_gateway() */
} Gateway;

void document_test_gateway(Gateway *gateway);

/* The plan for text on a plain gateway, or on the one given; fails the test on an error. */
Plan *document_test_plan(const char *text);
Plan *document_test_plan_on(Gateway *gateway, const char *text);

/* text is refused with code, and the message holds part. */
void document_test_refused(const char *text, PlanError code, const char *part);
void document_test_refused_on(Gateway *gateway, const char *text, PlanError code, const char *part);

const PlanStep *document_test_step(const Plan *plan, guint index);
/* operation and input (compared as JSON) of a step. */
void document_test_step_is(const Plan *plan, guint index, const char *operation, const char *input);
