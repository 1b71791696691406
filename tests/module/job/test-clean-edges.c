/* Where a clean-up is not due, or meets a machine in a bad state. */
#include "knob.h"

#include <glib/gstdio.h>

static char *
record_of(const World *world)
{
    return g_build_filename(world->state, "jobs/one.1.100/record", NULL);
}

/* Nothing can be put in its place, for whatever is renamed to it. */
static void
block(const char *record)
{
    g_assert_cmpint(g_unlink(record), ==, 0);
    g_assert_cmpint(g_mkdir(record, 0700), ==, 0);
}

/* The step was claimed and its start could not be written: run() never began. */
static void
test_never_begun(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob-tidy", "");
    g_autofree char *record = record_of(world);
    g_autoptr(ExecutionId) id = world_id("one");

    world->silent = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'c', "one", 1);
    block(record);
    dispatcher_claimed(world->dispatcher, id, TRUE, NULL);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "internal", "record");
    knob_expect_runs(world, "");
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, func) g_test_add_func("/clean-edges/" path, func)
    ADD("never-begun", test_never_begun);
    return g_test_run();
}
