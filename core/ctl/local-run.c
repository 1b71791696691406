#include "local-run.h"

#include "document-file.h"
#include "durable.h"
#include "strays.h"

#include <errno.h>
#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

/* Columns of the names of details. */
#define NAMES_MIN 10
#define NAMES_MAX 32

typedef struct {
    const LocalRunOptions *options;
    GMainLoop *loop;
    Dispatcher *dispatcher;
    ExecutionId *id;
    char *last_line; /* the last progress printed */
    Details *details;
    ExecutionStatus status;
    gboolean decided;
    gboolean stopped; /* by a signal */
    gboolean stopping;
} LocalRun;

/* ---- output ---- */

static void
print_progress(LocalRun *self, const Details *details)
{
    const char *step = details_get(details, "step");
    const char *percent = details_get(details, "progress");
    const char *message = details_get(details, "message");
    g_autoptr(GString) line = g_string_new(step != NULL ? step : "running");

    if (percent != NULL)
        g_string_append_printf(line, "  %s %%", percent);
    if (message != NULL)
        g_string_append_printf(line, "  %s", message);
    if (self->options->json || g_strcmp0(line->str, self->last_line) == 0)
        return;
    puts(line->str);
    fflush(stdout);
    g_free(self->last_line);
    self->last_line = g_strdup(line->str);
}

/* A value begins behind the longest name; one longer than NAMES_MAX sticks out. */
static void
widen(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    int *width = user_data;

    *width = MAX(*width, (int)MIN(strlen(key), NAMES_MAX));
}

static void
print_pair(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    printf("  %-*s %s\n", *(const int *)user_data, key, value);
}

static void
add_member(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    JsonBuilder *builder = user_data;

    json_builder_set_member_name(builder, key);
    json_builder_add_string_value(builder, value);
}

static void
print_json(const LocalRun *self)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    add_member("jobId", self->id->job_id, DETAILS_OWN, builder);
    add_member("status", self->stopped ? "CANCELED" : execution_status_to_word(self->status),
               DETAILS_OWN, builder);
    json_builder_set_member_name(builder, "statusDetails");
    json_builder_begin_object(builder);
    if (self->details != NULL)
        details_foreach_sent(self->details, add_member, builder);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    printf("%s\n", text);
}

static void
print_outcome(const LocalRun *self)
{
    int width = NAMES_MIN;

    if (self->options->json) {
        print_json(self);
        return;
    }
    puts(self->stopped ? "CANCELED" : execution_status_to_word(self->status));
    if (self->details == NULL)
        return;
    details_foreach_sent(self->details, widen, &width);
    details_foreach_sent(self->details, print_pair, &width);
}

/* ---- the cloud that always says yes ---- */

static gboolean
on_stopped(gpointer user_data)
{
    LocalRun *self = user_data;

    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

static void
stop(LocalRun *self)
{
    if (self->stopping)
        return;
    self->stopping = TRUE;
    dispatcher_stop(self->dispatcher, 0, on_stopped, self);
}

static gboolean
accept_claim(gpointer user_data)
{
    LocalRun *self = user_data;

    dispatcher_claimed(self->dispatcher, self->id, TRUE, NULL);
    return G_SOURCE_REMOVE;
}

static gboolean
take_final_status(gpointer user_data)
{
    LocalRun *self = user_data;

    dispatcher_reported(self->dispatcher, self->id, TRUE, NULL);
    stop(self);
    return G_SOURCE_REMOVE;
}

static gboolean
refuse_refresh(gpointer user_data)
{
    LocalRun *self = user_data;

    dispatcher_refreshed(self->dispatcher, self->id, NULL, ENOTSUP);
    return G_SOURCE_REMOVE;
}

static void
on_claim(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
         gpointer user_data)
{
    g_idle_add(accept_claim, user_data);
}

static void
on_progress(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
            gboolean urgent, gpointer user_data)
{
    print_progress(user_data, details);
}

static void
on_finish(const ExecutionId *id, ExecutionStatus status, const Details *details, gpointer user_data)
{
    LocalRun *self = user_data;

    self->status = status;
    self->decided = TRUE;
    g_clear_pointer(&self->details, details_free);
    self->details = details_copy(details);
    g_idle_add(take_final_status, self);
}

static void
on_refresh(const ExecutionId *id, gpointer user_data)
{
    g_idle_add(refuse_refresh, user_data);
}

static void
on_hold(const ExecutionId *id, gpointer user_data)
{
}

/* Let go without a verdict: the engine could not even record the job. */
static void
on_release(const ExecutionId *id, gboolean again_later, gpointer user_data)
{
    stop(user_data);
}

/* Room again after a cancel: the job is gone. */
static void
on_room(guint room, gpointer user_data)
{
    LocalRun *self = user_data;

    if (self->stopped && room > 0)
        stop(self);
}

static void
on_about_to_reboot(gpointer user_data)
{
}

static void
on_watch(const ExecutionId *id, gpointer user_data)
{
}

static gboolean
on_signal(gpointer user_data)
{
    LocalRun *self = user_data;

    if (self->stopped) {
        g_main_loop_quit(self->loop);
        return G_SOURCE_CONTINUE;
    }
    self->stopped = TRUE;
    fprintf(stderr, "errandctl: cancelling; once more to stop at once\n");
    dispatcher_gone(self->dispatcher, self->id, "cancelled from the terminal");
    return G_SOURCE_CONTINUE;
}

/* ---- the run ---- */

static gboolean
offer(gpointer user_data)
{
    gpointer *pair = user_data;
    LocalRun *self = pair[0];

    if (self->stopped) {
        stop(self);
        return G_SOURCE_REMOVE;
    }
    dispatcher_offer(self->dispatcher, self->id, EXECUTION_QUEUED, pair[1], NULL);
    return G_SOURCE_REMOVE;
}

static void
run_loop(LocalRun *self, Config *config, JobStore *store, char *document)
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
    g_autoptr(Registry) registry = registry_new((const char *const *)config->plugin_directories);
    guint signals[] = {g_unix_signal_add(SIGINT, on_signal, self),
                       g_unix_signal_add(SIGTERM, on_signal, self)};
    gpointer pair[] = {self, document};

    if (!strays_adopt())
        fprintf(stderr, "errandctl: cannot adopt what a crashed step leaves behind: %s\n",
                g_strerror(errno));
    registry_scan(registry);
    for (guint i = 0; i < registry_faults(registry)->len; i++)
        fprintf(stderr, "errandctl: %s\n", (const char *)registry_faults(registry)->pdata[i]);
    self->dispatcher = dispatcher_new(&config->dispatcher, registry, store, &callbacks, self);
    dispatcher_recover(self->dispatcher);
    g_idle_add(offer, pair);
    g_main_loop_run(self->loop);
    dispatcher_free(self->dispatcher);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(signals[i]);
}

static int
exit_status(const LocalRun *self)
{
    if (self->stopped || !self->decided)
        return 1;
    switch (self->status) {
    case EXECUTION_SUCCEEDED:
        return 0;
    case EXECUTION_REJECTED:
        return 2;
    default:
        return 1;
    }
}

/* What the owner wrote down holds here too; what he left to the default may be tried out by hand.
 */
static void
prepare(Config *config)
{
    config->dispatcher.simulate_reboot = TRUE;
    config->dispatcher.max_parallel = 1;
    config->dispatcher.ignore_unknown = FALSE;
    if (!config->enabled_is_set) {
        g_strfreev(config->dispatcher.enabled);
        config->dispatcher.enabled = g_strsplit("*", ";", -1);
    }
}

static void
remove_directory(const char *directory)
{
    g_autoptr(GError) error = NULL;

    if (!durable_remove_tree(directory, &error))
        fprintf(stderr, "errandctl: %s is left behind: %s\n", directory, error->message);
}

int
local_run(Config *config, const LocalRunOptions *options, GError **error)
{
    g_autofree char *document = document_file_read(options->document_file, error);
    g_autofree char *directory = NULL;
    g_autofree char *name = g_strdup_printf("local-%08x", g_random_int());
    g_autoptr(JobStore) store = NULL;
    LocalRun self = {.options = options};

    if (document == NULL)
        return 1;
    directory = g_dir_make_tmp("errandctl-XXXXXX", error);
    if (directory == NULL)
        return 1;
    store = job_store_open(directory, error);
    if (store == NULL) {
        remove_directory(directory);
        return 1;
    }
    prepare(config);
    self.id = execution_id_new(name, 1, 0);
    self.loop = g_main_loop_new(NULL, FALSE);
    run_loop(&self, config, store, document);
    if (!self.decided && !self.stopped)
        fprintf(stderr, "errandctl: the job could not be run; the lines above say why\n");
    else
        print_outcome(&self);
    remove_directory(directory);
    g_main_loop_unref(self.loop);
    execution_id_free(self.id);
    g_clear_pointer(&self.details, details_free);
    g_free(self.last_line);
    return exit_status(&self);
}
