#include "log.h"

#include <sys/stat.h>
#include <unistd.h>

/* As systemd would have set it for this very stderr. */
static void
claim_journal(void)
{
    struct stat found;

    g_assert_cmpint(fstat(STDERR_FILENO, &found), ==, 0);
    g_autofree char *stream = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                              (guint64)found.st_dev, (guint64)found.st_ino);
    g_setenv("JOURNAL_STREAM", stream, TRUE);
}

static void
test_child(void)
{
    if (!g_test_subprocess())
        return;
    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* the test framework made warnings fatal */
    if (g_getenv("TEST_JOURNAL") != NULL)
        claim_journal();
    log_init(g_getenv("TEST_VERBOSE") != NULL);
    log_init(log_is_verbose());
    g_debug("debugged");
    g_info("informed");
    g_message("get https://h/p?secret\nand more\x1b[31m");
    g_log("dom", G_LOG_LEVEL_WARNING, "warned \xff");
    log_job(G_LOG_LEVEL_MESSAGE, "job-1", "took %d", 5);
    log_job(G_LOG_LEVEL_MESSAGE, NULL, "nobody's");
    log_job(G_LOG_LEVEL_DEBUG, "job-1", "quiet");
}

static void
run_child(void)
{
    g_test_trap_subprocess("/log/child", 0, 0);
    g_test_trap_assert_passed();
}

static void
test_plain(void)
{
    g_unsetenv("TEST_VERBOSE");
    run_child();
    g_test_trap_assert_stderr("*MESSAGE errand: get https://h/p?*** | and more\n*");
    g_test_trap_assert_stderr("*\nWARNING dom: warned \xef\xbf\xbd\n*");
    g_test_trap_assert_stderr("*\nMESSAGE errand: ?job-1? took 5\nMESSAGE errand: nobody's\n*");
    g_test_trap_assert_stderr_unmatched("*informed*");
    g_test_trap_assert_stderr_unmatched("*debugged*");
    g_test_trap_assert_stderr_unmatched("*quiet*");
    g_test_trap_assert_stderr_unmatched("*secret*");
}

static void
test_verbose(void)
{
    g_setenv("TEST_VERBOSE", "1", TRUE);
    run_child();
    g_unsetenv("TEST_VERBOSE");
    g_test_trap_assert_stderr("*INFO *informed*");
    g_test_trap_assert_stderr("*DEBUG *debugged*");
    g_test_trap_assert_stderr("*DEBUG errand: *quiet*");
}

/* A stream that is not this stderr must not swallow the text. */
static void
test_other_journal(void)
{
    g_setenv("JOURNAL_STREAM", "1:1", TRUE);
    run_child();
    g_unsetenv("JOURNAL_STREAM");
    g_test_trap_assert_stderr("*took 5*");
}

/* With a journal the text is there and not here; without one nothing may be lost. */
static void
test_journal(void)
{
    g_setenv("TEST_JOURNAL", "1", TRUE);
    run_child();
    g_unsetenv("TEST_JOURNAL");
    if (g_file_test("/run/systemd/journal/socket", G_FILE_TEST_EXISTS))
        g_test_trap_assert_stderr_unmatched("*took 5*");
    else
        g_test_trap_assert_stderr("*took 5*");
}

static void
test_throttle(void)
{
    LogThrottle throttle = {0};
    guint64 suppressed = 0;
    guint64 before = 0;

    for (guint i = 1, due = 1; i <= 10000; i++) {
        suppressed = G_MAXUINT64;
        g_assert_cmpint(log_throttle(&throttle, &suppressed), ==, i == due);
        if (i != due) {
            g_assert_cmpuint(suppressed, ==, G_MAXUINT64);
            continue;
        }
        g_assert_cmpuint(suppressed, ==, i - before - 1);
        before = i;
        due *= 3;
    }
    log_throttle_reset(&throttle);
    g_assert_true(log_throttle(&throttle, &suppressed));
    g_assert_cmpuint(suppressed, ==, 0);
    g_assert_false(log_throttle(&throttle, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/child", test_child);
    g_test_add_func("/log/plain", test_plain);
    g_test_add_func("/log/verbose", test_verbose);
    g_test_add_func("/log/other-journal", test_other_journal);
    g_test_add_func("/log/journal", test_journal);
    g_test_add_func("/log/throttle", test_throttle);
    return g_test_run();
}
