/* What a job tells about itself: statusDetails in errand's own words. Pure. */
#pragma once

#include "details.h"
#include "execution.h"
#include "plan.h"
#include "verdict.h"

/* "2/3 Download-File", or the operation when the document is not a step document. Caller frees. */
char *report_step_text(const Plan *plan, guint index);
/* Of the whole job, from that of its step; -1 stays -1. */
int report_percent(const Plan *plan, guint index, int percent);
/* A step's time limit as the service's step timer: minutes, rounded up, with a minute for the way;
 * 1..10080, which is the service's longest. A step that may take even longer than that (a plugin
 * can say so; a document, a manifest or errand.conf cannot) has EXECUTION_NO_STEP_TIMER: a link
 * that is down for a week must not end it. */
guint report_timer_minutes(gint64 limit_ms);
/* The same with time for something else before; still the service's longest at most. */
guint report_timer_longer(guint timer_minutes, gint64 more_ms);
/* How often to push such a timer out: three chances each. */
gint64 report_heartbeat_ms(guint timer_minutes);

/* A process is about to run the step: none of what was said of the one before, of another step or
 * of the same before a reboot. */
void report_start(Details *details);
/* A new step: its name, and the same. */
void report_step(Details *details, const Plan *plan, guint index);
/* Which step failed or was refused, also of a document that is not a step document ("1/1 shell");
 * what details have already stays. */
void report_failed_step(Details *details, const Plan *plan, guint index);
/* percent is the job's or -1; word is what is being done, or NULL. */
void report_progress(Details *details, int percent, const char *word);
/* How a step's process ended. out and err are its last words or NULL. */
void report_process(Details *details, const Verdict *verdict, const char *out, const char *err);
/* The end of a job. reason and message are NULL when there is nothing to say. */
void report_end(Details *details, ExecutionStatus status, const char *reason, const char *message);
