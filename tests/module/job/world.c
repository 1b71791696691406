#include "world.h"
#include "strays.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "durable.h"

#define PATIENCE_US (30 * G_USEC_PER_SEC)

static char *runner;
static char *plugins;

#ifdef WRAP_RUNNER
static void
unwrap(void)
{
    g_unlink(runner);
}
#endif

/* The sanitizer of an instrumented runner would answer the signals that are tested here, and the
 * runner gets no environment to be told so. */
static char *
wrap(char *path)
{
#ifdef WRAP_RUNNER
    g_autofree char *script = g_strdup_printf(
        "#!/bin/sh\nASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0 exec %s\n", path);
    char *wrapper = g_strdup_printf("%s/errand-wrapper-%d", g_get_tmp_dir(), getpid());

    g_assert_true(
        g_file_set_contents_full(wrapper, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_free(path);
    atexit(unwrap);
    return wrapper;
#else
    return path;
#endif
}

void
world_init(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    /* A failing job is worth a warning, and failing jobs is what is tested here. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_assert_cmpint(*argc, >=, 3);
    runner = wrap(g_canonicalize_filename((*argv)[1], NULL));
    plugins = (*argv)[2];
    g_assert_true(strays_adopt());
}

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->job_id);
    details_free(entry->details);
    g_free(entry);
}

static Entry *
note(World *self, char kind, const ExecutionId *id, const Details *details)
{
    Entry *entry = g_new0(Entry, 1);

    entry->kind = kind;
    entry->job_id = g_strdup(id ? id->job_id : "");
    entry->details = details ? details_copy(details) : details_new();
    g_ptr_array_add(self->ledger, entry);
    return entry;
}

/* ---- The service ---- */

typedef struct {
    World *world;
    char kind;
    ExecutionId *id;
} Answer;

static void
answer_free(gpointer data)
{
    Answer *answer = data;

    execution_id_free(answer->id);
    g_free(answer);
}

static gboolean
on_answer(gpointer data)
{
    const Answer *answer = data;
    World *self = answer->world;

    if (!self->dispatcher) {
        return G_SOURCE_REMOVE;
    }
    if (answer->kind == 'c') {
        dispatcher_claimed(self->dispatcher, answer->id, !self->refuse, self->document_again);
    } else if (answer->kind == 'f') {
        dispatcher_reported(self->dispatcher, answer->id, TRUE, NULL);
    } else if (answer->kind == 'd') {
        dispatcher_refreshed(self->dispatcher, answer->id, self->document_refreshed,
                             self->refresh_error);
    } else {
        dispatcher_reboot_now(self->dispatcher);
    }
    return G_SOURCE_REMOVE;
}

static void
reply(World *self, char kind, const ExecutionId *id)
{
    Answer *answer = g_new0(Answer, 1);

    answer->world = self;
    answer->kind = kind;
    answer->id = id ? execution_id_copy(id) : NULL;
    if (self->at_once) {
        on_answer(answer);
        answer_free(answer);
        return;
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, on_answer, answer, answer_free);
}

static void
on_claim(const ExecutionId *id, guint minutes, const Details *details, gpointer user_data)
{
    World *self = user_data;

    note(self, 'c', id, details)->minutes = minutes;
    if (!self->silent) {
        reply(self, 'c', id);
    }
}

static void
on_progress(const ExecutionId *id, guint minutes, const Details *details, gboolean urgent,
            gpointer user_data)
{
    Entry *entry = note(user_data, 'p', id, details);

    entry->minutes = minutes;
    entry->flag = urgent;
}

static void
on_finish(const ExecutionId *id, ExecutionStatus status, const Details *details, gpointer user_data)
{
    World *self = user_data;

    note(self, 'f', id, details)->status = status;
    if (!self->deaf) {
        reply(self, 'f', id);
    }
}

static void
on_refresh(const ExecutionId *id, gpointer user_data)
{
    note(user_data, 'd', id, NULL);
    reply(user_data, 'd', id);
}

static void
on_hold(const ExecutionId *id, gpointer user_data)
{
    note(user_data, 'h', id, NULL);
}

static void
on_release(const ExecutionId *id, gboolean again_later, gpointer user_data)
{
    note(user_data, 'r', id, NULL)->flag = again_later;
}

static void
on_room(guint room, gpointer user_data)
{
    World *self = user_data;

    self->room = room;
}

static void
on_about_to_reboot(gpointer user_data)
{
    World *self = user_data;

    note(self, 'b', NULL, NULL);
    if (self->may_reboot) {
        reply(self, 'b', NULL);
    }
}

static void
on_watch(const ExecutionId *id, gpointer user_data)
{
    note(user_data, 'w', id, NULL);
}

/* ---- The world ---- */

void
world_begin(World *self)
{
    static const DispatcherCallbacks callbacks = {
        .claim = on_claim,
        .progress = on_progress,
        .finish = on_finish,
        .refresh = on_refresh,
        .hold = on_hold,
        .release = on_release,
        .room = on_room,
        .about_to_reboot = on_about_to_reboot,
        .watch = on_watch,
    };
    const char *const directories[] = {self->plugins, plugins, NULL};
    g_autoptr(GError) error = NULL;

    self->registry = registry_new(directories);
    self->store = job_store_open(self->state, &error);
    g_assert_no_error(error);
    self->dispatcher =
        dispatcher_new(&self->options, self->registry, self->store, &callbacks, self);
    dispatcher_recover(self->dispatcher);
}

void
world_end(World *self)
{
    g_clear_pointer(&self->dispatcher, dispatcher_free);
    g_clear_pointer(&self->registry, registry_free);
    g_clear_pointer(&self->store, job_store_free);
}

void
world_set_boot(World *self, const char *boot_id)
{
    g_assert_true(g_file_set_contents(self->boot_id_file, boot_id, -1, NULL));
}

World *
world_new(void)
{
    g_autofree char *root = g_dir_make_tmp("errand-job-XXXXXX", NULL);
    World *self = world_open(root);

    world_set_boot(self, "boot-one");
    world_begin(self);
    return self;
}

World *
world_open(const char *root)
{
    World *self = g_new0(World, 1);

    self->root = g_strdup(root);
    self->state = g_build_filename(self->root, "state", NULL);
    self->plugins = g_build_filename(self->root, "plugins", NULL);
    (void)g_mkdir(self->plugins, 0755);
    self->boot_id_file = g_build_filename(self->root, "boot_id", NULL);
    self->ledger = g_ptr_array_new_with_free_func(entry_free);
    self->enabled[0] = (char *)"*";
    self->reboot_command[0] = (char *)"touch";
    self->reboot_command[1] = g_build_filename(self->root, "rebooted", NULL);
    self->options = (DispatcherOptions){
        .max_parallel = 1,
        .default_timeout_ms = 20000,
        .cancel_grace_ms = 200,
        .max_attempts = 3,
        .runner = runner,
        .enabled = self->enabled,
        .reboot_command = self->reboot_command,
        .boot_id_file = self->boot_id_file,
        .reboot_timeout_ms = 20000,
    };
    return self;
}

void
world_free(World *self)
{
    g_autofree char *root = g_strdup(self->root);

    world_close(self);
    g_assert_true(durable_remove_tree(root, NULL));
}

void
world_close(World *self)
{
    world_end(self);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_ptr_array_unref(self->ledger);
    g_free(self->document_again);
    g_free(self->document_refreshed);
    g_free(self->reboot_command[1]);
    g_free(self->boot_id_file);
    g_free(self->plugins);
    g_free(self->state);
    g_free(self->root);
    g_free(self);
}

ExecutionId *
world_id(const char *job_id)
{
    return execution_id_new(job_id, 1, 100);
}

void
world_offer(World *self, const char *job_id, const char *document)
{
    g_autoptr(ExecutionId) id = world_id(job_id);

    dispatcher_offer(self->dispatcher, id, EXECUTION_QUEUED, document, NULL);
}

static gboolean
on_impatience(gpointer data)
{
    g_assert_not_reached();
    return G_SOURCE_REMOVE;
}

void
world_until(World *self, gboolean (*done)(World *self, gconstpointer data), gconstpointer data)
{
    guint timer = g_timeout_add(PATIENCE_US / 1000, on_impatience, NULL);

    while (!done(self, data)) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}
