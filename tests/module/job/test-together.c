/* Several jobs at once, and jobs that run alone. */
#include "knob.h"

static void
test_parallel(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":20000");

    world_end(world);
    world->options.max_parallel = 2;
    world_begin(world);
    g_assert_cmpuint(world->room, ==, 2);
    world_offer(world, "one", document);
    g_assert_cmpuint(world->room, ==, 1);
    world_offer(world, "two", document);
    g_assert_cmpuint(world->room, ==, 0);
    world_offer(world, "three", document);
    knob_wait_runs(world, 2);
    g_assert_cmpstr(world_state_of(world, "one"), ==, "running");
    g_assert_cmpstr(world_state_of(world, "two"), ==, "running");
    g_assert_cmpstr(world_state_of(world, "three"), ==, "waiting");
}

static void
make_exclusive_knob(World *world, const char *plugins)
{
    g_autofree char *from = g_build_filename(plugins, "knob.so", NULL);
    g_autofree char *module = g_build_filename(world->plugins, "knob.so", NULL);
    g_autofree char *manifest = g_build_filename(world->plugins, "knob.plugin", NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;

    g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(module, bytes, (gssize)length, NULL));
    g_assert_true(g_file_set_contents(
        manifest, "[plugin]\nname=knob\nmodule=knob.so\nabi=1\noperations=knob\nexclusive=true\n",
        -1, NULL));
}

static void
test_exclusive(gconstpointer data)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":300");

    world_end(world);
    make_exclusive_knob(world, data);
    world->options.max_parallel = 3;
    world_begin(world);
    world_offer(world, "hang", "{\"operation\":\"hang\",\"timeout\":1}");
    g_assert_cmpuint(world->room, ==, 2);
    world_offer(world, "alone", document);
    g_assert_cmpstr(world_state_of(world, "alone"), ==, "waiting");
    g_assert_cmpuint(world->room, ==, 0);
    world_offer(world, "after", "{\"operation\":\"spew\"}");
    g_assert_cmpstr(world_state_of(world, "after"), ==, "waiting");
    world_finish(world, "hang");
    knob_wait_runs(world, 1);
    g_assert_cmpstr(world_state_of(world, "alone"), ==, "running");
    g_assert_cmpstr(world_state_of(world, "after"), ==, "waiting");
    world_expect(world_finish(world, "alone"), EXECUTION_SUCCEEDED, NULL, NULL);
    world_expect(world_finish(world, "after"), EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpuint(world->room, ==, 3);
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/together/parallel", test_parallel);
    g_test_add_data_func("/together/exclusive", argv[2], test_exclusive);
    return g_test_run();
}
