#include "execution.h"

static void
test_name(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("job-1_A", 2, 1700000000);
    g_autofree char *name = execution_id_to_name(id);
    g_autoptr(ExecutionId) back = execution_id_from_name(name);

    g_assert_cmpstr(name, ==, "job-1_A.2.1700000000");
    g_assert_true(execution_id_equal(id, back));
    g_assert_cmpuint(execution_id_hash(id), ==, execution_id_hash(back));
    g_autoptr(ExecutionId) odd = execution_id_new("j", G_MININT64, G_MAXINT64);
    g_autofree char *odd_name = execution_id_to_name(odd);
    g_autoptr(ExecutionId) odd_back = execution_id_from_name(odd_name);
    g_assert_true(execution_id_equal(odd, odd_back));
}

static void
test_bad_names(void)
{
    static const char *const bad[] = {
        "",
        ".",
        "j",
        "j.1",
        "j.1.2.3",
        "j.1.",
        ".1.2",
        "j..2",
        "j.a.2",
        "j.1.2x",
        "j.+1.2",
        "j.01.2",
        "j. 1.2",
        "j/../x.1.2",
        "j.1.99999999999999999999",
        ".tmp-0011.1.2",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(execution_id_from_name(bad[i]));
    g_assert_null(execution_id_from_name(NULL));
}

static void
test_equal(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("j", 1, 5);
    g_autoptr(ExecutionId) copy = execution_id_copy(id);
    g_autoptr(ExecutionId) number = execution_id_new("j", 2, 5);
    g_autoptr(ExecutionId) queued = execution_id_new("j", 1, 6);
    g_autoptr(ExecutionId) other = execution_id_new("k", 1, 5);

    g_assert_true(execution_id_equal(id, copy));
    g_assert_false(execution_id_equal(id, number));
    g_assert_false(execution_id_equal(id, queued));
    g_assert_false(execution_id_equal(id, other));
    g_assert_false(execution_id_equal(id, NULL));
    g_assert_true(execution_id_equal(NULL, NULL));
}

static void
test_job_id(void)
{
    g_autofree char *longest = g_strnfill(EXECUTION_JOB_ID_MAX, 'x');
    g_autofree char *too_long = g_strnfill(EXECUTION_JOB_ID_MAX + 1, 'x');

    g_assert_true(execution_job_id_valid("aZ09_-"));
    g_assert_true(execution_job_id_valid(longest));
    g_assert_false(execution_job_id_valid(too_long));
    g_assert_false(execution_job_id_valid(""));
    g_assert_false(execution_job_id_valid(NULL));
    g_assert_false(execution_job_id_valid("a.b"));
    g_assert_false(execution_job_id_valid("a/b"));
    g_assert_false(execution_job_id_valid("$next "));
    g_assert_false(execution_job_id_valid("\xc3\xa4"));
}

static void
test_words(void)
{
    ExecutionStatus status = EXECUTION_QUEUED;

    for (guint i = EXECUTION_FAILED; i <= EXECUTION_CANCELED; i++) {
        g_assert_true(execution_status_from_word(execution_status_to_word(i), &status));
        g_assert_cmpuint(status, ==, i);
        g_assert_cmpint(execution_status_is_final(i), ==,
                        i != EXECUTION_QUEUED && i != EXECUTION_IN_PROGRESS);
    }
    g_assert_cmpstr(execution_status_to_word(EXECUTION_TIMED_OUT), ==, "TIMED_OUT");
    g_assert_cmpstr(execution_status_to_word((ExecutionStatus)99), ==, "FAILED");
    g_assert_false(execution_status_from_word("failed", &status));
    g_assert_false(execution_status_from_word("", &status));
    g_assert_false(execution_status_from_word(NULL, &status));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/execution/name", test_name);
    g_test_add_func("/execution/bad-names", test_bad_names);
    g_test_add_func("/execution/equal", test_equal);
    g_test_add_func("/execution/job-id", test_job_id);
    g_test_add_func("/execution/words", test_words);
    return g_test_run();
}
