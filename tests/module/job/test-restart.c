/* Jobs that meet restarts of errand, reboots, an orderly stop. */
#include "knob.h"

#include <glib/gstdio.h>
#include <string.h>

static void
restart(World *world)
{
    world_end(world);
    world_begin(world);
}

static void
test_interrupted(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":20000");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    restart(world);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "interrupted", "not run again");
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_resumed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob-resumable", "\"load\":true,\"save\":\"kept\",\"sleep\":500");
    g_autofree char *state = g_build_filename(world->state, "jobs/one.1.100/state", NULL);
    const Entry *entry;

    world_offer(world, "one", document);
    while (!g_file_test(state, G_FILE_TEST_EXISTS)) {
        g_main_context_iteration(NULL, TRUE);
    }
    world->room = 99;
    restart(world);
    g_assert_cmpuint(world_count(world, 'h', "one"), ==, 1);
    g_assert_cmpuint(world->room, ==, 0);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(entry->details, "state"), ==, "kept");
    g_assert_cmpuint(world_count(world, 'c', "one"), ==, 1);
    knob_expect_runs(world, "0 2");
    world_expect_clean(world);
}

static void
test_resumed_too_often(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-resumable", "\"sleep\":20000");

    world_offer(world, "one", document);
    for (guint i = 1; i <= 3; i++) {
        knob_wait_runs(world, i);
        restart(world);
    }
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "interrupted", "max-attempts is 3");
    knob_expect_runs(world, "0 2 2");
    world_expect_clean(world);
}

static void
test_unclaimed_is_offered_again(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    world->silent = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'c', "one", 1);
    restart(world);
    world_entry(world, 'h', "one", 1);
    world_entry(world, 'c', "one", 2);
    knob_expect_runs(world, "");
    world->silent = FALSE;
    restart(world);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_verdict_is_told_again(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"detail\":{\"version\":\"3\"}");

    world->deaf = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'f', "one", 1);
    restart(world);
    world_entry(world, 'f', "one", 2);
    world->deaf = FALSE;
    restart(world);
    world_finish(world, "one");
    world_expect(world_entry(world, 'f', "one", 3), EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(world_entry(world, 'f', "one", 3)->details, "version"), ==, "3");
    knob_wait_state(world, "one", NULL);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_damaged_record(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-resumable", "\"sleep\":20000");
    g_autofree char *record = g_build_filename(world->state, "jobs/one.1.100/record", NULL);

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    world_end(world);
    g_assert_true(g_file_set_contents(record, "", 0, NULL));
    world->deaf = TRUE;
    world_begin(world);
    world_expect(world_entry(world, 'f', "one", 1), EXECUTION_FAILED, "interrupted", "damaged");
    world->deaf = FALSE;
    restart(world);
    world_expect(world_entry(world, 'f', "one", 2), EXECUTION_FAILED, "interrupted", "damaged");
    knob_wait_state(world, "one", NULL);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_unclaimed_without_document(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");
    g_autofree char *path = g_build_filename(world->state, "jobs/one.1.100/document.json", NULL);

    world->silent = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'c', "one", 1);
    world_end(world);
    g_assert_true(g_file_set_contents(path, "{", 1, NULL));
    world->silent = FALSE;
    world_begin(world);
    g_assert_null(world_state_of(world, "one"));
    world_expect_clean(world);
    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
}

static void
test_disabled_meanwhile(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-resumable", "\"sleep\":20000");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    world->enabled[0] = (char *)"knob";
    restart(world);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "not-allowed", "knob-resumable");
}

/* ---- Reboots ---- */

static void
test_reboot(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob", "\"reboot\":1,\"load\":true,\"detail\":{\"a\":\"b\"}");
    g_autofree char *other = knob_document(world, "knob", "\"detail\":{\"other\":\"yes\"}");
    const Entry *entry;

    world->options.max_parallel = 2;
    world_offer(world, "one", document);
    world_entry(world, 'b', "", 1);
    knob_wait_state(world, "one", "rebooting");
    g_assert_cmpuint(world->room, ==, 0);
    world_offer(world, "two", other);
    g_assert_cmpstr(world_state_of(world, "two"), ==, "waiting");
    g_assert_false(g_file_test(world->reboot_command[1], G_FILE_TEST_EXISTS));
    dispatcher_reboot_now(world->dispatcher);
    while (!g_file_test(world->reboot_command[1], G_FILE_TEST_EXISTS)) {
        g_main_context_iteration(NULL, FALSE);
    }
    world_until_alone(world);
    world_end(world);
    g_assert_cmpuint(world_count(world, 'c', "two"), ==, 0);
    world_set_boot(world, "boot-two");
    world_begin(world);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(entry->details, "state"), ==, "reboots=1");
    knob_expect_runs(world, "0 1");
    world_expect_clean(world);
}

static void
test_restart_without_reboot(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");

    world_offer(world, "one", document);
    world_entry(world, 'b', "", 1);
    world->options.reboot_timeout_ms = 300;
    world->may_reboot = TRUE;
    restart(world);
    world_entry(world, 'b', "", 2);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "reboot-did-not-happen", NULL);
    g_assert_true(g_file_test(world->reboot_command[1], G_FILE_TEST_EXISTS));
    g_assert_cmpuint(world->room, ==, 1);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_taken_away_while_going_down(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");
    g_autoptr(ExecutionId) id = world_id("one");

    world->options.reboot_timeout_ms = 300;
    world->may_reboot = TRUE;
    world->at_once = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'b', "", 1);
    dispatcher_gone(world->dispatcher, id, "deleted");
    g_assert_null(world_state_of(world, "one"));
    g_assert_cmpuint(world->room, ==, 0);
    world_offer(world, "two", "{\"operation\":\"knob\"}");
    g_assert_cmpstr(world_state_of(world, "two"), ==, "waiting");
    world_expect(world_finish(world, "two"), EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
}

static void
test_reboot_command_that_fails(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");
    char *command = world->reboot_command[0];

    world->reboot_command[0] = (char *)"/nonexistent/reboot";
    world->options.reboot_timeout_ms = 200;
    world->may_reboot = TRUE;
    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "reboot-did-not-happen",
                 "/nonexistent/reboot");
    world->reboot_command[0] = command;
}

static void
test_pretended_reboots_are_counted(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":3");
    g_autofree char *more = knob_document(world, "knob", "\"reboot\":4");

    world->options.simulate_reboot = TRUE;
    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, "pretended");
    knob_expect_runs(world, "0 1 1 1");
    world_offer(world, "two", more);
    world_expect(world_finish(world, "two"), EXECUTION_FAILED, "not-allowed", "max-attempts is 3");
    world_expect_clean(world);
}

/* ---- The end of errand ---- */

static gboolean
on_stopped(gpointer data)
{
    World *world = data;

    world->stopped = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
is_stopped(World *world, gconstpointer data)
{
    return world->stopped;
}

static void
test_stop_lets_a_step_finish(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_steps(world, "\"sleep\":300", "", NULL);

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    dispatcher_stop(world->dispatcher, 20000, on_stopped, world);
    world_offer(world, "two", "{\"operation\":\"knob\"}");
    g_assert_true(world_entry(world, 'r', "two", 1)->flag);
    world_until(world, is_stopped, NULL);
    knob_expect_runs(world, "0");
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
    restart(world);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    knob_expect_runs(world, "0 0");
    world_expect_clean(world);
}

static void
test_stop_does_not_wait_for_the_resumable(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-resumable", "\"sleep\":25000");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    dispatcher_stop(world->dispatcher, 25000, on_stopped, world);
    world_until(world, is_stopped, NULL);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
}

static void
test_stop_ends_in_time(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":25000,\"deaf\":true");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    dispatcher_stop(world->dispatcher, 100, on_stopped, world);
    world_until(world, is_stopped, NULL);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
    restart(world);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "interrupted", NULL);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, func) g_test_add_func("/restart/" path, func)
    ADD("interrupted", test_interrupted);
    ADD("resumed", test_resumed);
    ADD("resumed-too-often", test_resumed_too_often);
    ADD("unclaimed-is-offered-again", test_unclaimed_is_offered_again);
    ADD("verdict-is-told-again", test_verdict_is_told_again);
    ADD("damaged-record", test_damaged_record);
    ADD("unclaimed-without-document", test_unclaimed_without_document);
    ADD("disabled-meanwhile", test_disabled_meanwhile);
    ADD("reboot", test_reboot);
    ADD("restart-without-reboot", test_restart_without_reboot);
    ADD("reboot-command-that-fails", test_reboot_command_that_fails);
    ADD("taken-away-while-going-down", test_taken_away_while_going_down);
    ADD("pretended-reboots-are-counted", test_pretended_reboots_are_counted);
    ADD("stop-lets-a-step-finish", test_stop_lets_a_step_finish);
    ADD("stop-does-not-wait-for-the-resumable", test_stop_does_not_wait_for_the_resumable);
    ADD("stop-ends-in-time", test_stop_ends_in_time);
    return g_test_run();
}
