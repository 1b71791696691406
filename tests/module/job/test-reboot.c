/* What a reboot that is pending, never proved or asked for again and again does to its own job and
 * to others. */
#include "knob.h"

#include <glib/gstdio.h>

/* The boot id stays the same whatever happens, as with a boot-id-file on a disk. */
static void
test_restarts_do_not_loop(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");

    world_offer(world, "one", document);
    for (guint life = 1; life <= world->options.max_attempts; life++) {
        world_entry(world, 'b', "", life);
        world_end(world);
        world_begin(world);
    }
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "reboot-did-not-happen",
                 "max-attempts is 3");
    g_assert_cmpuint(world_count(world, 'b', ""), ==, world->options.max_attempts);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

/* Asked for again by a later life, the reboot is still proved by the boot id of the first. */
static void
test_asked_again_and_done(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");

    world_offer(world, "one", document);
    world_entry(world, 'b', "", 1);
    world_end(world);
    world_begin(world);
    world_entry(world, 'b', "", 2);
    world_end(world);
    world_set_boot(world, "boot-two");
    world_begin(world);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    knob_expect_runs(world, "0 1");
    world_expect_clean(world);
}

/* The machine is not restarted for a job that could never be told from a failed one. */
static void
test_unknown_boot(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"reboot\":1");

    world_end(world);
    g_unlink(world->boot_id_file);
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*reboots cannot be proved*");
    world_begin(world);
    g_test_assert_expected_messages();
    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "internal", "boot-id-file");
    g_assert_cmpuint(world_count(world, 'b', ""), ==, 0);
    world_set_boot(world, "boot-one");
    world_expect_clean(world);
}

/* `two` was being claimed when `one` asked for a reboot. */
static World *
claimed_meanwhile(void)
{
    World *world = world_new();
    g_autofree char *reboots = knob_document(world, "knob", "\"reboot\":1");
    g_autofree char *other = knob_document(world, "knob", "\"detail\":{\"other\":\"yes\"}");
    g_autoptr(ExecutionId) id = world_id("two");

    world->options.max_parallel = 2;
    world->silent = TRUE;
    world_offer(world, "two", other);
    world_entry(world, 'c', "two", 1);
    world->silent = FALSE;
    world_offer(world, "one", reboots);
    world_entry(world, 'b', "", 1);
    dispatcher_claimed(world->dispatcher, id, TRUE, NULL);
    g_assert_cmpstr(world_state_of(world, "two"), ==, "claiming");
    return world;
}

static void
test_claimed_meanwhile_and_rebooted(void)
{
    g_autoptr(World) world = claimed_meanwhile();

    world_end(world);
    knob_expect_runs(world, "0");
    world_set_boot(world, "boot-two");
    world_begin(world);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    world_expect(world_finish(world, "two"), EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpuint(world_count(world, 'f', "two"), ==, 1);
    world_expect_clean(world);
}

static void
test_claimed_meanwhile_goes_on(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *reboots = knob_document(world, "knob", "\"reboot\":1");
    g_autofree char *other = knob_document(world, "knob", "");
    g_autoptr(ExecutionId) id = world_id("two");

    world->options.max_parallel = 2;
    world->options.reboot_timeout_ms = 1000;
    world->may_reboot = TRUE;
    world->silent = TRUE;
    world_offer(world, "two", other);
    world_entry(world, 'c', "two", 1);
    world->silent = FALSE;
    world_offer(world, "one", reboots);
    world_entry(world, 'b', "", 1);
    dispatcher_claimed(world->dispatcher, id, TRUE, NULL);
    g_assert_cmpstr(world_state_of(world, "two"), ==, "claiming");
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "reboot-did-not-happen", NULL);
    world_expect(world_finish(world, "two"), EXECUTION_SUCCEEDED, NULL, NULL);
    knob_expect_runs(world, "0 0");
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, func) g_test_add_func("/reboot/" path, func)
    ADD("restarts-do-not-loop", test_restarts_do_not_loop);
    ADD("asked-again-and-done", test_asked_again_and_done);
    ADD("unknown-boot", test_unknown_boot);
    ADD("claimed-meanwhile-and-rebooted", test_claimed_meanwhile_and_rebooted);
    ADD("claimed-meanwhile-goes-on", test_claimed_meanwhile_goes_on);
    return g_test_run();
}
