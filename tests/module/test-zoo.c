/* Every misbehaving plugin against the real errand-runner: what the daemon gets to see, and that
 * nothing of the step is left. */
#include "fake-daemon.h"

#include <signal.h>
#include <string.h>

typedef enum {
    CHECKED,       /* it ends with what it says in `checked` */
    RUNS,          /* it is told to go and ends by itself, leaving nothing */
    KILLED,        /* never ends; killed as at its deadline */
    KILLED_CHECK,  /* the same before `checked` */
    LEAVES_A_MESS, /* ends, and its process group needs killing */
    CANCELLED,     /* is cancelled, never ends, is killed */
} Course;

typedef struct {
    const char *name;
    Course course;
    Outcome outcome;
    const char *reason;
    const char *message; /* a part of it */
} Row;

static const char *directory;

static const Row rows[] = {
    {"segv", RUNS, OUTCOME_FAILED, "crashed", "SIGSEGV"},
    {"abort", RUNS, OUTCOME_FAILED, "crashed", "SIGABRT"},
    {"exit0", RUNS, OUTCOME_FAILED, "no-result", "exit status 0"},
    {"exit3", RUNS, OUTCOME_FAILED, "no-result", "exit status 3"},
    {"stack-overflow", RUNS, OUTCOME_FAILED, "crashed", "SIGSEGV"},
    {"hang", KILLED, OUTCOME_FAILED, "timed-out", NULL},
    {"hang-ignoring-term", KILLED, OUTCOME_FAILED, "timed-out", NULL},
    {"orphan", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"orphan-exit", LEAVES_A_MESS, OUTCOME_FAILED, "no-result", "exit status 0"},
    {"spew", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"spew-binary", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"no-newline", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"close-fd3", RUNS, OUTCOME_FAILED, "no-result", "exit status 74"},
    {"garbage-fd3", RUNS, OUTCOME_FAILED, "protocol", NULL},
    {"huge-packet", RUNS, OUTCOME_FAILED, "protocol", "at most 163840"},
    {"progress-flood", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"log-flood", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"progress-backwards", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"result-twice", RUNS, OUTCOME_FAILED, "protocol", "second result"},
    {"returns-42", RUNS, OUTCOME_FAILED, "internal", "run() returned 42"},
    {"fail-without-reason", RUNS, OUTCOME_FAILED, "internal", "gave no reason"},
    {"bad-reason", RUNS, OUTCOME_FAILED, "internal", "the text survives"},
    {"reboot-without-state", RUNS, OUTCOME_REBOOT, NULL, NULL},
    {"state-too-big", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"stream-misuse", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"stream-flood", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"cancel-ignored", CANCELLED, OUTCOME_CANCELLED, NULL, NULL},
    {"cancelled-by-nobody", RUNS, OUTCOME_FAILED, "internal", "nobody cancelled it"},
    {"critical-forever", KILLED, OUTCOME_FAILED, "timed-out", NULL},
    {"threads-after-return", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"lock-forever", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"leak", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"close-all", RUNS, OUTCOME_FAILED, "no-result", "exit status 74"},
    {"atexit-hang", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"bad-detail", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"stride-larger", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"namesake", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"check-acts", RUNS, OUTCOME_SUCCEEDED, NULL, NULL},
    {"constructor-crash", CHECKED, OUTCOME_FAILED, "crashed", "SIGABRT"},
    {"check-crashes", CHECKED, OUTCOME_FAILED, "crashed", "SIGABRT"},
    {"check-hangs", KILLED_CHECK, OUTCOME_FAILED, "timed-out", NULL},
    {"check-without-reason", CHECKED, OUTCOME_REJECTED, "internal", "no reason"},
    {"check-reboots", CHECKED, OUTCOME_FAILED, "internal", "check() returned 3"},
    {"no-symbol", CHECKED, OUTCOME_FAILED, "internal", "does not export errand_plugin_v1"},
    {"wrong-abi", CHECKED, OUTCOME_FAILED, "internal", "built for ABI 7"},
    {"short-struct", CHECKED, OUTCOME_FAILED, "internal", "it has 16 bytes"},
    {"short-stride", CHECKED, OUTCOME_FAILED, "internal", "8 bytes each"},
    {"name-mismatch", CHECKED, OUTCOME_FAILED, "internal", "calls itself somebody-else"},
    {"null-strings", CHECKED, OUTCOME_FAILED, "internal", "version is missing"},
    {"no-operations", CHECKED, OUTCOME_FAILED, "internal", "1000000 operations"},
    {"wrong-operation", CHECKED, OUTCOME_FAILED, "internal", "no operation wrong-operation"},
    {"missing-library", CHECKED, OUTCOME_FAILED, "internal", "liberrand-vanished.so"},
    {"undefined-symbol", CHECKED, OUTCOME_FAILED, "internal", "nobody_has_this_function"},
    {"truncated", CHECKED, OUTCOME_FAILED, "internal", "cut off: it has 3000 bytes"},
};

static void
end_run(Fake *fake, const Row *row)
{
    if (row->course == CANCELLED) {
        fake_say(fake, PACKET_CANCEL);
        fake_expect(fake, PACKET_PROGRESS);
    }
    if (strcmp(row->name, "critical-forever") == 0)
        g_assert_true(fake_expect(fake, PACKET_CRITICAL)->on);
    if (row->course == KILLED || row->course == KILLED_CHECK || row->course == CANCELLED)
        kill(-fake->pid, SIGKILL);
    fake_wait(fake, row->course == LEAVES_A_MESS);
}

/* Nothing follows a result, and what succeeds leaves with 0 whatever its exit handlers do. */
static void
check_end(const Fake *fake, const Row *row)
{
    const Packet *last =
        fake->packets->len == 0 ? NULL : g_ptr_array_index(fake->packets, fake->packets->len - 1);

    if (fake_count(fake, PACKET_RESULT) > 0)
        g_assert_cmpint(last->type, ==, PACKET_RESULT);
    if (row->outcome == OUTCOME_SUCCEEDED && strcmp(row->name, "lock-forever") != 0)
        g_assert_cmpint(fake->status, ==, 0);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(Fake) fake = fake_start(directory, fake_packet(row->name, "{}"));
    g_auto(Verdict) verdict = {0};

    if (row->course == KILLED_CHECK)
        fake_expect(fake, PACKET_READY);
    if (row->course != CHECKED && row->course != KILLED_CHECK) {
        g_assert_cmpint(fake_expect(fake, PACKET_CHECKED)->outcome, ==, OUTCOME_SUCCEEDED);
        fake_go(fake, START_FIRST, NULL);
    }
    end_run(fake, row);
    fake_verdict(fake, row->course == KILLED || row->course == KILLED_CHECK,
                 row->course == CANCELLED, &verdict);
    check_end(fake, row);
    g_test_message("%s: %s", verdict.reason, verdict.message);
    g_assert_cmpstr(verdict.reason, ==, row->reason);
    g_assert_cmpint(verdict.outcome, ==, row->outcome);
    if (row->message != NULL && strstr(verdict.message, row->message) == NULL)
        g_error("message is \"%s\", wanted \"%s\"", verdict.message, row->message);
}

static Fake *
start_daemonize(const char *document)
{
    Fake *fake = fake_start(directory, fake_packet("daemonize", document));

    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    return fake;
}

/* A service started by a step that ends by itself is not the step's any more. */
static void
test_service_is_left_alone(void)
{
    g_autoptr(Fake) fake = start_daemonize("{}");

    fake_wait_exit(fake);
    g_assert_cmpuint(fake_kill_strays(), ==, 1);
    fake_wait(fake, TRUE);
    g_assert_cmpint(fake_expect(fake, PACKET_RESULT)->outcome, ==, OUTCOME_SUCCEEDED);
}

/* After a cancel nothing is left, and the runner sees to that by itself. */
static void
test_cancel_kills_sessions(void)
{
    g_autoptr(Fake) fake = start_daemonize("{\"then\":\"wait\"}");

    fake_expect(fake, PACKET_PROGRESS);
    fake_say(fake, PACKET_CANCEL);
    fake_wait_exit(fake);
    g_assert_cmpuint(fake_kill_strays(), ==, 0);
    fake_wait(fake, FALSE);
    g_assert_cmpint(fake_expect(fake, PACKET_RESULT)->outcome, ==, OUTCOME_CANCELLED);
}

/* A runner that crashes or is killed cannot, so the daemon, being its subreaper, must. */
static void
test_daemon_kills_sessions(gconstpointer document)
{
    g_autoptr(Fake) fake = start_daemonize(document);

    fake_expect(fake, PACKET_PROGRESS);
    if (strstr(document, "hang") != NULL)
        kill(-fake->pid, SIGKILL);
    fake_wait_exit(fake);
    g_assert_cmpuint(fake_kill_strays(), ==, 1);
    fake_wait(fake, TRUE);
    g_assert_cmpuint(fake_count(fake, PACKET_RESULT), ==, 0);
}

static Fake *
run_to_end(const char *name)
{
    Fake *fake = fake_start(directory, fake_packet(name, "{}"));

    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    fake_wait(fake, FALSE);
    return fake;
}

/* A million calls are a handful of packets; the last word gets through. */
static void
test_flood_is_coalesced(void)
{
    g_autoptr(Fake) fake = run_to_end("progress-flood");
    const Packet *last = NULL, *progress;

    g_assert_cmpuint(fake_count(fake, PACKET_PROGRESS), <, 200);
    while ((progress = fake_next(fake, PACKET_PROGRESS)) != NULL)
        last = progress;
    g_assert_nonnull(last);
    g_assert_cmpint(last->percent, ==, 99);
    g_assert_cmpstr(last->step, ==, "flooding");
}

static void
test_output_arrives(void)
{
    g_autoptr(Fake) spew = run_to_end("spew");
    g_autoptr(Fake) tail = run_to_end("no-newline");

    g_assert_cmpuint(spew->bytes[0], ==, 50 * 1024 * 1024);
    g_assert_cmpuint(spew->bytes[1], ==, 50 * 1024 * 1024);
    g_assert_cmpstr(tail->text[0]->str, ==, "first line\nlast words");
}

static void
test_every_line_is_logged(void)
{
    g_autoptr(Fake) fake = run_to_end("log-flood");

    g_assert_cmpuint(fake_count(fake, PACKET_LOG), ==, 10000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    fake_init(argv[1]);
    directory = argv[2];
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/zoo/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/zoo/daemonize", test_service_is_left_alone);
    g_test_add_func("/zoo/daemonize-cancelled", test_cancel_kills_sessions);
    g_test_add_data_func("/zoo/daemonize-exit", "{\"then\":\"exit\"}", test_daemon_kills_sessions);
    g_test_add_data_func("/zoo/daemonize-hang", "{\"then\":\"hang\"}", test_daemon_kills_sessions);
    g_test_add_func("/zoo/flood-is-coalesced", test_flood_is_coalesced);
    g_test_add_func("/zoo/output-arrives", test_output_arrives);
    g_test_add_func("/zoo/every-line-is-logged", test_every_line_is_logged);
    return g_test_run();
}
