/* Steps that end without their word, of an operation that cleans up: ERRAND_START_CLEANUP is 3. */
#include "knob.h"

static void
restart(World *world)
{
    world_end(world);
    world_begin(world);
}

static void
test_a_word_of_its_own_is_enough(void)
{
    static const char *const outcomes[] = {"", "\"outcome\":\"failed\",\"reason\":\"said\""};

    for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autoptr(World) world = world_new();
        g_autofree char *document = knob_document(world, "knob-tidy", outcomes[i]);

        world_offer(world, "one", document);
        world_expect(world_finish(world, "one"), i == 0 ? EXECUTION_SUCCEEDED : EXECUTION_FAILED,
                     i == 0 ? NULL : "said", NULL);
        knob_expect_runs(world, "0");
        world_expect_clean(world);
    }
}

/* With the state it had, and before anybody hears of the end. */
static void
test_crashed(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob-tidy", "\"load\":true,\"save\":\"kept\",\"crash\":\"middle\"");
    const Entry *entry;

    world_offer(world, "one", document);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_FAILED, "crashed", "SIGSEGV");
    g_assert_cmpstr(details_get(entry->details, "state"), ==, "kept");
    knob_expect_runs(world, "0 3");
    world_expect_clean(world);
}

/* The cleaner's own fate changes nothing. */
static void
test_overdue_and_the_cleaner_crashes(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob-tidy", "\"timeout\":1,\"sleep\":20000,\"cleanup\":\"crash\"");

    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "timed-out", NULL);
    knob_expect_runs(world, "0 3");
    world_expect_clean(world);
}

static void
test_cancelled_and_interrupted(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-tidy", "\"reboot\":1");
    g_autoptr(ExecutionId) id = world_id("one");

    world_offer(world, "one", document);
    knob_wait_state(world, "one", "rebooting");
    dispatcher_gone(world->dispatcher, id, "cancelled");
    g_assert_cmpstr(world_state_of(world, "one"), ==, "cleaning");
    restart(world);
    g_assert_cmpstr(world_state_of(world, "one"), ==, "cleaning");
    g_assert_cmpuint(world->room, ==, 0);
    knob_wait_state(world, "one", NULL);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
    world_expect_clean(world);
}

static void
test_interrupted_too_often(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-tidy", "\"sleep\":20000");

    world_offer(world, "one", document);
    for (guint i = 1; i <= 3; i++) {
        knob_wait_runs(world, i);
        restart(world);
    }
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "interrupted", "max-attempts is 3");
    knob_expect_runs(world, "0 2 2 3");
    world_expect_clean(world);
}

/* Told once the machine is back, and asked for as often as a job may. */
static void
test_restarted(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob-tidy", "\"crash\":\"start\",\"cleanup\":\"reboot\"");
    g_autofree char *other = knob_document(world, "knob", "");

    world_offer(world, "one", document);
    for (guint i = 1; i <= 3; i++) {
        g_autofree char *boot = g_strdup_printf("boot-%u", i);

        world_entry(world, 'b', "", i);
        g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
        world_end(world);
        world_set_boot(world, boot);
        world_begin(world);
    }
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "crashed", NULL);
    g_assert_cmpuint(world_count(world, 'b', ""), ==, 3);
    knob_expect_runs(world, "0 3 3 3 3");
    world_offer(world, "two", other);
    world_expect(world_finish(world, "two"), EXECUTION_SUCCEEDED, NULL, NULL);
    world_expect_clean(world);
}

/* What began while it was enabled is cleaned up after. */
static void
test_not_enabled_any_more(void)
{
    char knob[] = "knob";
    char *others[] = {knob, NULL};
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-tidy", "\"sleep\":20000");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    world_end(world);
    world->options.enabled = others;
    world_begin(world);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "not-allowed", "not enabled");
    knob_expect_runs(world, "0 3");
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, func) g_test_add_func("/clean/" path, func)
    ADD("a-word-of-its-own-is-enough", test_a_word_of_its_own_is_enough);
    ADD("crashed", test_crashed);
    ADD("overdue-and-the-cleaner-crashes", test_overdue_and_the_cleaner_crashes);
    ADD("cancelled-and-interrupted", test_cancelled_and_interrupted);
    ADD("interrupted-too-often", test_interrupted_too_often);
    ADD("restarted", test_restarted);
    ADD("not-enabled-any-more", test_not_enabled_any_more);
    return g_test_run();
}
