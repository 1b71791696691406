/* Every misbehaving plugin through the whole dispatcher: the exact verdict, the next job runs, and
 * nothing of it is left. */
#include "children.h"
#include "strays.h"
#include "world.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    const char *name;
    ExecutionStatus status;
    const char *reason;
    const char *message; /* a part of it */
    guint timeout_s;     /* of the document; 0: none */
    gboolean is_cancelled;
} Row;

static const Row rows[] = {
    {"segv", EXECUTION_FAILED, "crashed", "SIGSEGV", 0, FALSE},
    {"abort", EXECUTION_FAILED, "crashed", "SIGABRT", 0, FALSE},
    {"exit0", EXECUTION_FAILED, "no-result", "exit status 0", 0, FALSE},
    {"exit3", EXECUTION_FAILED, "no-result", "exit status 3", 0, FALSE},
    {"stack-overflow", EXECUTION_FAILED, "crashed", "SIGSEGV", 0, FALSE},
    {"hang", EXECUTION_FAILED, "timed-out", "after 1 s", 1, FALSE},
    {"hang-ignoring-term", EXECUTION_FAILED, "timed-out", "after 1 s", 1, FALSE},
    {"orphan", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"orphan-exit", EXECUTION_FAILED, "no-result", "exit status 0", 0, FALSE},
    {"daemonize", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"spew", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"spew-binary", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"no-newline", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"close-fd3", EXECUTION_FAILED, "no-result", "exit status 74", 0, FALSE},
    {"garbage-fd3", EXECUTION_FAILED, "protocol", NULL, 0, FALSE},
    {"huge-packet", EXECUTION_FAILED, "protocol", NULL, 0, FALSE},
    {"progress-flood", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"log-flood", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"progress-backwards", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"result-twice", EXECUTION_FAILED, "protocol", "second result", 0, FALSE},
    {"returns-42", EXECUTION_FAILED, "internal", "run() returned 42", 0, FALSE},
    {"fail-without-reason", EXECUTION_FAILED, "internal", "gave no reason", 0, FALSE},
    {"bad-reason", EXECUTION_FAILED, "internal", "the text survives", 0, FALSE},
    {"state-too-big", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"stream-misuse", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"stream-flood", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"cancel-ignored", EXECUTION_CANCELED, NULL, NULL, 0, TRUE},
    {"cancelled-by-nobody", EXECUTION_FAILED, "internal", "nobody cancelled it", 0, FALSE},
    {"critical-forever", EXECUTION_FAILED, "timed-out", "after 1 s", 1, FALSE},
    {"threads-after-return", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"lock-forever", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"leak", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"close-all", EXECUTION_FAILED, "no-result", "exit status 74", 0, FALSE},
    {"atexit-hang", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"bad-detail", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"stride-larger", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"check-acts", EXECUTION_SUCCEEDED, NULL, NULL, 0, FALSE},
    {"constructor-crash", EXECUTION_FAILED, "crashed", "SIGABRT", 0, FALSE},
    {"check-crashes", EXECUTION_FAILED, "crashed", "SIGABRT", 0, FALSE},
    {"check-hangs", EXECUTION_FAILED, "timed-out", NULL, 0, FALSE},
    {"check-without-reason", EXECUTION_REJECTED, "internal", "no reason", 0, FALSE},
    {"check-reboots", EXECUTION_FAILED, "internal", "check() returned 3", 0, FALSE},
    {"no-symbol", EXECUTION_FAILED, "internal", "errand_plugin_v1", 0, FALSE},
    {"wrong-abi", EXECUTION_FAILED, "internal", "built for ABI 7", 0, FALSE},
    {"short-struct", EXECUTION_FAILED, "internal", "it has 16 bytes", 0, FALSE},
    {"short-stride", EXECUTION_FAILED, "internal", "8 bytes each", 0, FALSE},
    {"name-mismatch", EXECUTION_FAILED, "internal", "somebody-else", 0, FALSE},
    {"null-strings", EXECUTION_FAILED, "internal", "version is missing", 0, FALSE},
    {"no-operations", EXECUTION_FAILED, "internal", "1000000 operations", 0, FALSE},
    {"wrong-operation", EXECUTION_FAILED, "internal", "no operation wrong-operation", 0, FALSE},
    {"missing-library", EXECUTION_FAILED, "internal", "liberrand-vanished.so", 0, FALSE},
    {"undefined-symbol", EXECUTION_FAILED, "internal", "nobody_has_this_function", 0, FALSE},
    {"truncated", EXECUTION_FAILED, "internal", "cut off: it has 3000 bytes", 0, FALSE},
};

static gboolean
is_forgotten(World *world, gconstpointer data)
{
    return world_state_of(world, data) == NULL;
}

static gboolean
is_running(World *world, gconstpointer data)
{
    return g_strcmp0(world_state_of(world, data), "running") == 0;
}

static void
cancel(World *world, const char *job_id)
{
    g_autoptr(ExecutionId) id = world_id(job_id);

    world_until(world, is_running, job_id);
    dispatcher_gone(world->dispatcher, id, "cancelled");
    world_until(world, is_forgotten, job_id);
    g_assert_cmpuint(world_count(world, 'f', job_id), ==, 0);
}

static gboolean
end_stray(pid_t pid, gpointer user_data)
{
    if (getsid(pid) == getsid(0))
        return FALSE;
    kill(pid, SIGKILL);
    return waitpid(pid, NULL, 0) == pid;
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        row->timeout_s
            ? g_strdup_printf("{\"operation\":\"%s\",\"timeout\":%u}", row->name, row->timeout_s)
            : g_strdup_printf("{\"operation\":\"%s\"}", row->name);

    world_offer(world, "bad", document);
    if (row->is_cancelled) {
        cancel(world, "bad");
    } else {
        world_expect(world_finish(world, "bad"), row->status, row->reason, row->message);
    }
    world_offer(world, "good", "{\"operation\":\"knob\"}");
    world_expect(world_finish(world, "good"), EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpuint(world_count(world, 'f', "bad"), ==, row->is_cancelled ? 0 : 1);
    g_assert_cmpuint(children_visit(end_stray, NULL), ==, strcmp(row->name, "daemonize") == 0);
    world_expect_clean(world);
}

static gsize
resident_kb(void)
{
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    line = strstr(text, "VmRSS:");
    return (gsize)g_ascii_strtoull(line + strlen("VmRSS:"), NULL, 10);
}

/* spew prints 50 MiB on each pipe. */
static void
test_output_costs_no_memory(void)
{
    g_autoptr(World) world = world_new();
    const Entry *entry;
    gsize before;

    world_offer(world, "warm-up", "{\"operation\":\"spew\"}");
    world_finish(world, "warm-up");
    before = resident_kb();
    world_offer(world, "spew", "{\"operation\":\"spew\"}");
    entry = world_finish(world, "spew");
    g_assert_cmpuint(resident_kb(), <, before + 1024);
    /* ends in a line end, which is trimmed */
    g_assert_cmpuint(strlen(details_get(entry->details, "stdout")), >=, 1000);
    g_assert_cmpuint(strlen(details_get(entry->details, "stderr")), >=, 1000);
}

static void
test_reboot_without_state(void)
{
    g_autoptr(World) world = world_new();

    world->options.simulate_reboot = TRUE;
    world_offer(world, "bad", "{\"operation\":\"reboot-without-state\"}");
    g_assert_nonnull(world_finish(world, "bad"));
    world_expect_clean(world);
}

/* What a step left in another session: stays after a good end, dies with a crash or a deadline. */
static void
test_strays(void)
{
    g_autoptr(World) world = world_new();
    gint64 start;

    world_offer(world, "exit", "{\"operation\":\"daemonize\",\"then\":\"exit\"}");
    start = g_get_monotonic_time();
    world_expect(world_finish(world, "exit"), EXECUTION_FAILED, "no-result", NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
    g_assert_cmpuint(children_visit(end_stray, NULL), ==, 0);
    world_offer(world, "good", "{\"operation\":\"daemonize\"}");
    world_expect(world_finish(world, "good"), EXECUTION_SUCCEEDED, NULL, NULL);
    world_offer(world, "hang", "{\"operation\":\"daemonize\",\"then\":\"hang\",\"timeout\":1}");
    world_expect(world_finish(world, "hang"), EXECUTION_FAILED, "timed-out", NULL);
    g_assert_cmpuint(children_visit(end_stray, NULL), ==, 1);
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/job-zoo/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/job-zoo/strays", test_strays);
    g_test_add_func("/job-zoo/output-costs-no-memory", test_output_costs_no_memory);
    g_test_add_func("/job-zoo/reboot-without-state", test_reboot_without_state);
    return g_test_run();
}
