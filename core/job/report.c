#include "report.h"

#define TIMER_MARGIN_MIN 1
#define TIMER_MAX_MIN    10080 /* seven days: the service's limit */
#define MINUTE_MS        60000

static const PlanStep *
step_at(const Plan *plan, guint index)
{
    return plan->steps->pdata[MIN(index, plan->steps->len - 1)];
}

char *
report_step_text(const Plan *plan, guint index)
{
    const PlanStep *step = step_at(plan, index);

    if (!plan->is_steps) {
        return g_strdup(step->operation);
    }
    return g_strdup_printf("%u/%u %s", index + 1, plan->steps->len, step->name);
}

int
report_percent(const Plan *plan, guint index, int percent)
{
    if (percent < 0) {
        return -1;
    }
    return ((int)index * 100 + MIN(percent, 100)) / (int)plan->steps->len;
}

guint
report_timer_minutes(gint64 limit_ms)
{
    gint64 minutes = MAX(limit_ms, 0);

    if (minutes > (gint64)TIMER_MAX_MIN * MINUTE_MS) {
        return EXECUTION_NO_STEP_TIMER;
    }
    minutes = (minutes + MINUTE_MS - 1) / MINUTE_MS + TIMER_MARGIN_MIN;
    return (guint)CLAMP(minutes, 1, TIMER_MAX_MIN);
}

guint
report_timer_longer(guint timer_minutes, gint64 more_ms)
{
    gint64 limit_ms = (gint64)timer_minutes * MINUTE_MS + more_ms;

    if (timer_minutes == EXECUTION_NO_STEP_TIMER) {
        return timer_minutes;
    }
    return report_timer_minutes(MIN(limit_ms, (gint64)TIMER_MAX_MIN * MINUTE_MS));
}

gint64
report_heartbeat_ms(guint timer_minutes)
{
    return (gint64)MIN(timer_minutes, TIMER_MAX_MIN) * MINUTE_MS / 3;
}

void
report_start(Details *details)
{
    static const char *const of_a_process[] = {"exitCode", "signal", "stdout", "stderr"};

    for (gsize i = 0; i < G_N_ELEMENTS(of_a_process); i++) {
        details_set(details, DETAILS_OWN, of_a_process[i], NULL);
    }
}

void
report_step(Details *details, const Plan *plan, guint index)
{
    g_autofree char *text = plan->is_steps ? report_step_text(plan, index) : NULL;

    report_start(details);
    details_set(details, DETAILS_OWN, "step", text);
}

void
report_failed_step(Details *details, const Plan *plan, guint index)
{
    const PlanStep *step = step_at(plan, index);

    if (!details_get(details, "step")) {
        details_setf(details, "step", "%u/%u %s", index + 1, plan->steps->len, step->name);
    }
}

void
report_progress(Details *details, int percent, const char *word)
{
    if (percent >= 0) {
        details_setf(details, "progress", "%d", percent);
    }
    details_set(details, DETAILS_OWN, "message", word);
}

void
report_process(Details *details, const Verdict *verdict, const char *out, const char *err)
{
    gboolean by_itself = verdict->outcome == OUTCOME_FAILED && verdict->exit_code > 0;

    if (by_itself && !details_get(details, "exitCode")) {
        details_setf(details, "exitCode", "%d", verdict->exit_code);
    }
    if (verdict->signal && !details_get(details, "signal")) {
        details_set(details, DETAILS_OWN, "signal", verdict->signal);
    }
    if (out && !details_get(details, "stdout")) {
        details_set(details, DETAILS_OWN, "stdout", out);
    }
    if (err && !details_get(details, "stderr")) {
        details_set(details, DETAILS_OWN, "stderr", err);
    }
}

void
report_end(Details *details, ExecutionStatus status, const char *reason, const char *message)
{
    details_set(details, DETAILS_OWN, "reason", reason);
    details_set(details, DETAILS_OWN, "message", message);
    if (status == EXECUTION_SUCCEEDED && details_get(details, "progress")) {
        details_set(details, DETAILS_OWN, "progress", "100");
    }
}
