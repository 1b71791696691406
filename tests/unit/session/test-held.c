#include "held.h"
#include "link-health.h"

static void
test_phases(void)
{
    g_autoptr(Held) held = held_new();
    g_autoptr(ExecutionId) id = execution_id_new("a", 1, 1);
    g_autoptr(ExecutionId) retry = execution_id_new("a", 2, 1);
    g_autoptr(ExecutionId) reused = execution_id_new("a", 1, 2);

    g_assert_cmpint(held_get(held, id), ==, HELD_UNKNOWN);
    held_set(held, id, HELD_OFFERED);
    held_set(held, id, HELD_RUNNING);
    g_assert_cmpint(held_get(held, id), ==, HELD_RUNNING);
    g_assert_cmpint(held_get(held, retry), ==, HELD_UNKNOWN);
    g_assert_cmpint(held_get(held, reused), ==, HELD_UNKNOWN);
    g_assert_cmpuint(held_count(held, HELD_RUNNING), ==, 1);
    held_set(held, id, HELD_OVER);
    held_set(held, id, HELD_OVER);
    g_assert_cmpint(held_get(held, id), ==, HELD_OVER);
    held_forget(held, id);
    g_assert_cmpint(held_get(held, id), ==, HELD_UNKNOWN);
}

static void
test_memory_is_bounded(void)
{
    g_autoptr(Held) held = held_new();

    for (gint64 i = 0; i < 10 * HELD_OVER_MAX; i++) {
        g_autoptr(ExecutionId) id = execution_id_new("a", i, 1);
        held_set(held, id, HELD_RUNNING);
        held_set(held, id, HELD_OVER);
    }
    g_autoptr(ExecutionId) newest = execution_id_new("a", 10 * HELD_OVER_MAX - 1, 1);
    g_assert_cmpuint(held_count(held, HELD_OVER), ==, HELD_OVER_MAX);
    g_assert_cmpint(held_get(held, newest), ==, HELD_OVER);
}

static void
test_missing(void)
{
    g_autoptr(Held) held = held_new();
    g_autoptr(ExecutionId) a = execution_id_new("a", 1, 1);
    g_autoptr(ExecutionId) b = execution_id_new("b", 1, 1);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    JobsExecution head = {.id = b};
    JobsPending line = {.id = a, .in_progress = TRUE};

    held_set(held, a, HELD_RUNNING);
    held_set(held, b, HELD_FINISHING);
    g_autoptr(GPtrArray) no_head = held_not_head(held, NULL);
    g_assert_cmpuint(no_head->len, ==, 1);
    g_autoptr(GPtrArray) other_head = held_not_head(held, &head);
    g_assert_cmpuint(other_head->len, ==, 1);
    head.id = a;
    g_autoptr(GPtrArray) same_head = held_not_head(held, &head);
    g_assert_cmpuint(same_head->len, ==, 0);
    g_autoptr(GPtrArray) empty_list = held_not_listed(held, list);
    g_assert_cmpuint(empty_list->len, ==, 1);
    g_ptr_array_add(list, &line);
    g_autoptr(GPtrArray) full_list = held_not_listed(held, list);
    g_assert_cmpuint(full_list->len, ==, 0);
}

static void
test_taken_away(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("a", 1, 1);
    g_autoptr(ExecutionId) other = execution_id_new("a", 2, 9);
    JobsExecution execution = {.id = id, .status = EXECUTION_IN_PROGRESS};
    JobsMessage answer = {.execution = &execution};

    g_assert_null(held_taken_away(id, &answer));
    execution.status = EXECUTION_QUEUED;
    g_assert_null(held_taken_away(id, &answer));

    static const ExecutionStatus finals[] = {EXECUTION_CANCELED, EXECUTION_TIMED_OUT,
                                             EXECUTION_REMOVED, EXECUTION_FAILED};
    for (guint i = 0; i < G_N_ELEMENTS(finals); i++) {
        execution.status = finals[i];
        g_autofree char *why = held_taken_away(id, &answer);
        g_assert_nonnull(why);
    }
    execution.status = EXECUTION_IN_PROGRESS;
    execution.id = other;
    g_autofree char *replaced = held_taken_away(id, &answer);
    g_assert_nonnull(replaced);

    answer.execution = NULL;
    g_assert_null(held_taken_away(id, &answer));
    answer.refusal = JOBS_REFUSAL_RESOURCE_NOT_FOUND;
    g_autofree char *deleted = held_taken_away(id, &answer);
    g_assert_nonnull(deleted);
    answer.refusal = JOBS_REFUSAL_TERMINAL_STATE_REACHED;
    g_autofree char *ended = held_taken_away(id, &answer);
    g_assert_nonnull(ended);
    answer.refusal = JOBS_REFUSAL_INTERNAL_ERROR;
    g_assert_null(held_taken_away(id, &answer));
}

static LinkHealthSign
live(LinkHealth *health, gint64 *now, gint64 age, gboolean answered)
{
    *now += 1000;
    link_health_subscribed(health, *now);
    if (answered)
        link_health_answered(health);
    *now += age;
    return link_health_lost(health, *now, 1);
}

static void
test_policy(void)
{
    LinkHealth health = {0};
    gint64 now = 0;

    g_assert_cmpint(live(&health, &now, 100, FALSE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 4000, FALSE), ==, LINK_HEALTH_FINE);
    /* An attempt that fails before SUBSCRIBE neither counts nor breaks the streak. */
    g_assert_cmpint(link_health_lost(&health, now, 1), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 100, FALSE), ==, LINK_HEALTH_POLICY);
    g_assert_cmpint(live(&health, &now, 100, FALSE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 70000, FALSE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 100, FALSE), ==, LINK_HEALTH_FINE);
}

static void
test_takeover(void)
{
    LinkHealth health = {0};
    gint64 now = 0;

    g_assert_cmpint(live(&health, &now, 1000, TRUE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 20000, TRUE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 9000, TRUE), ==, LINK_HEALTH_TAKEOVER);
    g_assert_cmpint(live(&health, &now, 3600000, TRUE), ==, LINK_HEALTH_FINE);
    g_assert_cmpint(live(&health, &now, 1000, TRUE), ==, LINK_HEALTH_FINE);
    link_health_subscribed(&health, now);
    g_assert_false(link_health_is_stable(&health, now + 59999, 1));
    g_assert_true(link_health_is_stable(&health, now + 60000, 1));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/held/phases", test_phases);
    g_test_add_func("/held/bounded", test_memory_is_bounded);
    g_test_add_func("/held/missing", test_missing);
    g_test_add_func("/held/taken-away", test_taken_away);
    g_test_add_func("/link-health/policy", test_policy);
    g_test_add_func("/link-health/takeover", test_takeover);
    return g_test_run();
}
