/* One life of errand's job engine, to be killed at a crash point: takes up what is on disk, offers
 * the job as the service would, and leaves when its final status was taken or the machine is to be
 * restarted.
 *
 *   harness RUNNER PLUGINS ROOT DOCUMENT
 *   harness --list
 *
 * The service's memory is in ROOT/claimed (there is a file) and ROOT/reports (a line for each final
 * status it got). */
#include <string.h>

#include "crash-point.h"
#include "knob.h"

static char *
path_in(World *world, const char *name)
{
    return g_build_filename(world->root, name, NULL);
}

static gboolean
exists(World *world, const char *name)
{
    g_autofree char *path = path_in(world, name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The service remembers before it answers. */
static void
remember(World *world)
{
    static guint seen;

    for (; seen < world->ledger->len; seen++) {
        const Entry *entry = world->ledger->pdata[seen];
        g_autofree char *claimed = path_in(world, "claimed");
        g_autofree char *reports = path_in(world, "reports");
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;

        if (entry->kind == 'c') {
            g_assert_true(g_file_set_contents(claimed, "", 0, NULL));
        }
        if (entry->kind == 'f') {
            g_file_get_contents(reports, &before, NULL, NULL);
            after = g_strdup_printf("%s%s\n", before ? before : "",
                                    execution_status_to_word(entry->status));
            g_assert_true(g_file_set_contents(reports, after, -1, NULL));
        }
    }
}

static gboolean
is_over(World *world, gconstpointer data)
{
    remember(world);
    return (world_count(world, 'f', "one") > 0 && world_state_of(world, "one") == NULL) ||
           exists(world, "rebooted");
}

static gboolean
on_tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
    World *world;
    g_autoptr(ExecutionId) id = world_id("one");

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        crash_point_list();
        return 0;
    }
    world_init(&argc, &argv);
    world = world_open(argv[3]);
    world->may_reboot = TRUE;
    world->room = 0;
    world_begin(world);
    if (world_state_of(world, "one") == NULL && !exists(world, "reports")) {
        dispatcher_offer(world->dispatcher, id,
                         exists(world, "claimed") ? EXECUTION_IN_PROGRESS : EXECUTION_QUEUED,
                         argv[4], NULL);
    }
    g_timeout_add(2, on_tick, NULL);
    if (world_state_of(world, "one") || world->ledger->len > 0) {
        world_until(world, is_over, NULL);
    }
    world_close(world);
    return 0;
}
