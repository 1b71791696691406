#include "report.h"

#include <glib.h>

static Plan *
make_plan(guint steps, gboolean is_steps)
{
    Plan *plan = g_new0(Plan, 1);

    plan->steps = g_ptr_array_new();
    plan->is_steps = is_steps;
    for (guint i = 0; i < steps; i++) {
        PlanStep *step = g_new0(PlanStep, 1);

        step->name = g_strdup_printf("Step-%u", i + 1);
        step->operation = g_strdup("op");
        g_ptr_array_add(plan->steps, step);
    }
    return plan;
}

static void
drop_plan(Plan *plan)
{
    for (guint i = 0; i < plan->steps->len; i++) {
        PlanStep *step = plan->steps->pdata[i];

        g_free(step->name);
        g_free(step->operation);
        g_free(step);
    }
    g_ptr_array_unref(plan->steps);
    g_free(plan);
}

static void
test_step_and_percent(void)
{
    Plan *three = make_plan(3, TRUE);
    Plan *single = make_plan(1, FALSE);
    g_autofree char *second = report_step_text(three, 1);
    g_autofree char *only = report_step_text(single, 0);

    g_assert_cmpstr(second, ==, "2/3 Step-2");
    g_assert_cmpstr(only, ==, "op");
    g_assert_cmpint(report_percent(three, 1, 50), ==, 50);
    g_assert_cmpint(report_percent(three, 2, 100), ==, 100);
    g_assert_cmpint(report_percent(three, 0, 0), ==, 0);
    g_assert_cmpint(report_percent(three, 0, -1), ==, -1);
    g_assert_cmpint(report_percent(single, 0, 200), ==, 100);
    drop_plan(three);
    drop_plan(single);
}

static void
test_timer(void)
{
    g_assert_cmpuint(report_timer_minutes(1), ==, 2);
    g_assert_cmpuint(report_timer_minutes(60000), ==, 2);
    g_assert_cmpuint(report_timer_minutes(60001), ==, 3);
    g_assert_cmpuint(report_timer_minutes(0), ==, 1);
    g_assert_cmpuint(report_timer_minutes(-5), ==, 1);
    g_assert_cmpuint(report_timer_minutes((gint64)7 * 24 * 3600 * 1000), ==, 10080);
    g_assert_cmpuint(report_timer_minutes((gint64)7 * 24 * 3600 * 1000 + 1), ==,
                     EXECUTION_NO_STEP_TIMER);
    g_assert_cmpuint(report_timer_minutes(G_MAXINT64), ==, EXECUTION_NO_STEP_TIMER);
    g_assert_cmpuint(report_timer_longer(2, 60000), ==, 4);
    g_assert_cmpuint(report_timer_longer(10080, 60000), ==, 10080);
    g_assert_cmpuint(report_timer_longer(EXECUTION_NO_STEP_TIMER, 60000), ==,
                     EXECUTION_NO_STEP_TIMER);
    g_assert_cmpint(report_heartbeat_ms(3), ==, 60000);
    g_assert_cmpint(report_heartbeat_ms(EXECUTION_NO_STEP_TIMER), ==, 10080 / 3 * 60000);
}

static void
test_process(void)
{
    g_autoptr(Details) details = details_new();
    Plan *plan = make_plan(2, TRUE);
    const Verdict died = {OUTCOME_FAILED, NULL, NULL, (char *)"SIGSEGV", -1};
    const Verdict left = {OUTCOME_FAILED, NULL, NULL, NULL, 3};
    const Verdict good = {OUTCOME_SUCCEEDED, NULL, NULL, NULL, 0};

    report_step(details, plan, 0);
    report_process(details, &died, "out", NULL);
    g_assert_cmpstr(details_get(details, "step"), ==, "1/2 Step-1");
    g_assert_cmpstr(details_get(details, "signal"), ==, "SIGSEGV");
    g_assert_cmpstr(details_get(details, "stdout"), ==, "out");
    g_assert_null(details_get(details, "exitCode"));
    g_assert_null(details_get(details, "stderr"));
    report_step(details, plan, 1);
    g_assert_null(details_get(details, "signal"));
    g_assert_null(details_get(details, "stdout"));
    report_process(details, &left, NULL, "err");
    g_assert_cmpstr(details_get(details, "exitCode"), ==, "3");
    g_assert_cmpstr(details_get(details, "stderr"), ==, "err");
    report_step(details, plan, 1);
    details_set(details, DETAILS_PLUGIN, "exitCode", "7");
    report_process(details, &left, NULL, NULL);
    g_assert_cmpstr(details_get(details, "exitCode"), ==, "7");
    report_step(details, plan, 1);
    report_process(details, &good, NULL, NULL);
    g_assert_null(details_get(details, "exitCode"));
    report_process(details, &died, "before the reboot", "oops");
    details_set(details, DETAILS_PLUGIN, "version", "7");
    report_start(details);
    report_process(details, &left, "after it", NULL);
    g_assert_cmpstr(details_get(details, "stdout"), ==, "after it");
    g_assert_null(details_get(details, "stderr"));
    g_assert_null(details_get(details, "signal"));
    g_assert_cmpstr(details_get(details, "version"), ==, "7");
    g_assert_cmpstr(details_get(details, "step"), ==, "2/2 Step-2");
    drop_plan(plan);
}

static void
test_end(void)
{
    g_autoptr(Details) details = details_new();

    report_progress(details, 40, "copying");
    g_assert_cmpstr(details_get(details, "progress"), ==, "40");
    g_assert_cmpstr(details_get(details, "message"), ==, "copying");
    report_end(details, EXECUTION_FAILED, "no-space", "full");
    g_assert_cmpstr(details_get(details, "progress"), ==, "40");
    g_assert_cmpstr(details_get(details, "reason"), ==, "no-space");
    report_end(details, EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(details, "progress"), ==, "100");
    g_assert_null(details_get(details, "reason"));
    g_assert_null(details_get(details, "message"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/step-and-percent", test_step_and_percent);
    g_test_add_func("/report/timer", test_timer);
    g_test_add_func("/report/process", test_process);
    g_test_add_func("/report/end", test_end);
    return g_test_run();
}
