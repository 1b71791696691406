/* Looking at what the world was told, and at what is left of a job. */
#include "world.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    char kind;
    const char *job_id;
    guint n;
} Wanted;

static const Entry *
find(World *self, const Wanted *wanted)
{
    guint n = 0;

    for (guint i = 0; i < self->ledger->len; i++) {
        const Entry *entry = self->ledger->pdata[i];

        if (entry->kind == wanted->kind && strcmp(entry->job_id, wanted->job_id) == 0 &&
            ++n == wanted->n) {
            return entry;
        }
    }
    return NULL;
}

static gboolean
is_there(World *self, gconstpointer data)
{
    return find(self, data) != NULL;
}

const Entry *
world_entry(World *self, char kind, const char *job_id, guint n)
{
    const Wanted wanted = {kind, job_id, n};

    world_until(self, is_there, &wanted);
    return find(self, &wanted);
}

guint
world_count(World *self, char kind, const char *job_id)
{
    guint n = 0;

    while (find(self, &(const Wanted){kind, job_id, n + 1})) {
        n++;
    }
    return n;
}

typedef struct {
    const char *job_id;
    char *state;
} Search;

static void
on_view(const DispatcherJobView *view, gpointer user_data)
{
    Search *search = user_data;

    if (strcmp(view->id->job_id, search->job_id) == 0) {
        search->state = g_strdup(view->state);
    }
}

const char *
world_state_of(World *self, const char *job_id)
{
    Search search = {job_id, NULL};
    const char *state;

    dispatcher_foreach(self->dispatcher, on_view, &search);
    state = search.state ? g_intern_string(search.state) : NULL;
    g_free(search.state);
    return state;
}

static gboolean
is_forgotten(World *self, gconstpointer data)
{
    return world_state_of(self, data) == NULL;
}

const Entry *
world_finish(World *self, const char *job_id)
{
    const Entry *entry = world_entry(self, 'f', job_id, 1);

    if (!self->deaf) {
        world_until(self, is_forgotten, job_id);
    }
    return entry;
}

void
world_expect(const Entry *entry, ExecutionStatus status, const char *reason,
             const char *part_of_message)
{
    const char *message = details_get(entry->details, "message");

    g_test_message("%s: %s %s: %s", entry->job_id, execution_status_to_word(entry->status),
                   details_get(entry->details, "reason"), message);
    g_assert_cmpstr(execution_status_to_word(entry->status), ==, execution_status_to_word(status));
    g_assert_cmpstr(details_get(entry->details, "reason"), ==, reason);
    if (part_of_message) {
        g_assert_nonnull(message);
        if (!strstr(message, part_of_message)) {
            g_error("message is \"%s\", wanted \"%s\"", message, part_of_message);
        }
    }
}

/* ---- Nothing is left ---- */

static gboolean
has_children(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid());
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && *g_strstrip(text);
}

static gboolean
on_tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static gboolean
is_alone(World *self, gconstpointer data)
{
    return !has_children();
}

void
world_until_alone(World *self)
{
    guint tick = g_timeout_add(2, on_tick, NULL); /* a reaped process gives no event */

    world_until(self, is_alone, NULL);
    g_source_remove(tick);
}

static guint
count_entries(const char *path)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    while (dir && g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

static gboolean
is_swept(World *self, gconstpointer data)
{
    return count_entries(data) == 0;
}

void
world_expect_clean(World *self)
{
    static guint descriptors;
    g_autofree char *jobs = g_build_filename(self->state, "jobs", NULL);

    world_until_alone(self);
    /* Folders go a little later. */
    world_until(self, is_swept, jobs);
    if (descriptors == 0) {
        descriptors = count_entries("/proc/self/fd");
    }
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, descriptors);
}
