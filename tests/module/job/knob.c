#include "knob.h"

#include <string.h>

static char *
marker(World *world)
{
    return g_build_filename(world->root, "marker", NULL);
}

char *
knob_document(World *world, const char *operation, const char *extra)
{
    g_autofree char *path = marker(world);

    return g_strdup_printf("{\"operation\":\"%s\",\"marker\":\"%s\"%s%s}", operation, path,
                           *extra ? "," : "", extra);
}

char *
knob_steps(World *world, ...)
{
    g_autofree char *path = marker(world);
    g_autoptr(GString) text = g_string_new("{\"version\":\"1.0\",\"steps\":[");
    const char *extra;
    guint n = 0;
    va_list args;

    va_start(args, world);
    while ((extra = va_arg(args, const char *))) {
        gboolean ignored = *extra == '!';
        const char *pairs = ignored ? extra + 1 : extra;

        n++;
        g_string_append_printf(text,
                               "%s{\"action\":{\"name\":\"Step-%u\",\"type\":\"knob\",%s\"input\":{"
                               "\"marker\":\"%s\"%s%s}}}",
                               n > 1 ? "," : "", n, ignored ? "\"ignoreStepFailure\":true," : "",
                               path, *pairs ? "," : "", pairs);
    }
    va_end(args);
    g_string_append(text, "]}");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
knob_runs(World *world)
{
    g_autofree char *path = marker(world);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GString *starts = g_string_new(NULL);

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        lines = g_strsplit(text, "\n", -1);
    }
    for (gsize i = 0; lines && lines[i] && *lines[i]; i++) {
        g_string_append_printf(starts, "%s%c", i ? " " : "", lines[i][0]);
    }
    return g_string_free(starts, FALSE);
}

void
knob_expect_runs(World *world, const char *starts)
{
    g_autofree char *runs = knob_runs(world);

    g_assert_cmpstr(runs, ==, starts);
}

static gboolean
has_runs(World *world, gconstpointer data)
{
    g_autofree char *runs = knob_runs(world);

    return (strlen(runs) + 1) / 2 >= GPOINTER_TO_UINT(data);
}

static gboolean
on_tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

void
knob_wait_runs(World *world, guint n)
{
    guint tick = g_timeout_add(2, on_tick, NULL); /* a file gives no event */

    world_until(world, has_runs, GUINT_TO_POINTER(n));
    g_source_remove(tick);
}

typedef struct {
    const char *job_id;
    const char *state;
} Wanted;

static gboolean
is_in_state(World *world, gconstpointer data)
{
    const Wanted *wanted = data;

    return g_strcmp0(world_state_of(world, wanted->job_id), wanted->state) == 0;
}

void
knob_wait_state(World *world, const char *job_id, const char *state)
{
    const Wanted wanted = {job_id, state};

    world_until(world, is_in_state, &wanted);
}
