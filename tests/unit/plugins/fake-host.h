/* A stand-in for errand-runner: loads one built plugin and answers its host calls from memory. */
#pragma once

#include <errand/plugin.h>
#include <json-glib/json-glib.h>

typedef struct {
    errand_job job; /* first: the plugin's handle is this structure */
    errand_host host;
    const errand_plugin *plugin;
    char *operation;
    JsonParser *document;
    GPtrArray *old_documents;
    GHashTable *settings;
    char *step; /* NULL: the operation's name */
    char *user;
    int start;
    GBytes *state;
    guint n_saved;
    const char *cancel_on_state; /* cancelled once a saved state has this text in it; NULL: never */
    char *private_directory;
    int critical; /* sections entered and not left */
    GHashTable *details;
    char *reason;
    char *message;
    GString *log;
    GPtrArray *kept;
    int cancel[2];
    gint cancelled;
    guint n_progress;
    char *refreshed; /* document that errand_refresh_document() brings, or NULL */
    int refresh_result;
    guint n_refreshed;
    char *output; /* what the last run wrote to standard output and error */
} FakeHost;

/* Opens PLUGIN.so of the build tree. `document` is JSON text with ' in place of ". */
FakeHost *fake_host_new(const char *plugin, const char *operation, const char *document);
void fake_host_free(FakeHost *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeHost, fake_host_free)

void fake_host_set_document(FakeHost *self, const char *document);
void fake_host_set(FakeHost *self, const char *key, const char *value);
int32_t fake_host_check(FakeHost *self);
int32_t fake_host_run(FakeHost *self);
/* From any thread. */
void fake_host_cancel(FakeHost *self);
const char *fake_host_detail(FakeHost *self, const char *key);

/* For fake-host.c. */
void fake_host_fill_document(errand_host *table);

/* Both, with the text of a failure. */
#define fake_host_assert(self, result, expected, word)                                             \
    G_STMT_START                                                                                   \
    {                                                                                              \
        int32_t result_ = (result);                                                                \
        if (result_ != (expected) || g_strcmp0((self)->reason, (word)) != 0)                       \
            g_error("%s:%d: result %d, reason %s (%s); expected %d, %s", __FILE__, __LINE__,       \
                    (int)result_, (self)->reason, (self)->message, (int)(expected),                \
                    (const char *)(word));                                                         \
    }                                                                                              \
    G_STMT_END

/* The number of processes that descend from this one (the test must be a subreaper). */
guint fake_host_count_children(void);
