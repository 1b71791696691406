/* What a step that is run again, after a reboot, says of its process. */
#include "knob.h"

/* The n-th progress of the job. */
static const char *
stdout_told(World *world, guint n)
{
    return details_get(world_entry(world, 'p', "one", n)->details, "stdout");
}

/* The words of the run before the reboot go out while the machine restarts, and are gone once the
 * step runs again: they are not those of the process that then ends. */
static void
test_output_is_the_last_runs(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(
        world, "knob", "\"reboot\":1,\"print\":\"hello\",\"detail\":{\"kept\":\"yes\"}");
    const Entry *end;

    world_offer(world, "one", document);
    world_entry(world, 'b', "", 1);
    g_assert_cmpstr(stdout_told(world, world_count(world, 'p', "one")), ==, "hello");
    world_end(world);
    world_set_boot(world, "boot-two");
    world_begin(world);
    end = world_finish(world, "one");
    world_expect(end, EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(end->details, "stdout"), ==, "hello");
    g_assert_cmpstr(details_get(end->details, "kept"), ==, "yes");
    g_assert_null(stdout_told(world, world_count(world, 'p', "one")));
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/job-again/output-is-the-last-runs", test_output_is_the_last_runs);
    return g_test_run();
}
