#include "job-record.h"

#include <string.h>

#define GROUP        "record"
#define OWN_GROUP    "details"
#define PLUGIN_GROUP "plugin-details"
#define SEAL         "#sha256="
#define SEAL_LENGTH  (sizeof SEAL - 1 + 64 + 1) /* with the hex digits and the line end */

static const char *const state_words[] = {
    [STORED_DAMAGED] = "damaged",     [STORED_CLAIMING] = "claiming", [STORED_RUNNING] = "running",
    [STORED_REBOOTING] = "rebooting", [STORED_ENDING] = "ending",     [STORED_DECIDED] = "decided",
};

JobRecord *
job_record_new(const ExecutionId *id)
{
    JobRecord *self = g_new0(JobRecord, 1);

    self->id = execution_id_copy(id);
    self->state = STORED_CLAIMING;
    self->details = details_new();
    return self;
}

void
job_record_free(JobRecord *self)
{
    if (!self) {
        return;
    }
    execution_id_free(self->id);
    details_free(self->details);
    g_free(self->boot_id);
    g_free(self->failed_steps);
    g_free(self->document);
    g_free(self);
}

static void
put_detail(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    GKeyFile *file = user_data;

    g_key_file_set_string(file, origin == DETAILS_OWN ? OWN_GROUP : PLUGIN_GROUP, key, value);
}

static void
put_optional(GKeyFile *file, const char *key, const char *value)
{
    if (value) {
        g_key_file_set_string(file, GROUP, key, value);
    }
}

char *
job_record_to_text(const JobRecord *self, gsize *length)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *name = execution_id_to_name(self->id);
    g_autofree char *digest = NULL;
    g_autofree char *body = NULL;
    g_autofree char *seal = NULL;
    char *text;

    g_key_file_set_string(file, GROUP, "execution", name);
    g_key_file_set_string(file, GROUP, "state", state_words[self->state]);
    g_key_file_set_uint64(file, GROUP, "step", self->step);
    g_key_file_set_uint64(file, GROUP, "attempts", self->attempts);
    g_key_file_set_uint64(file, GROUP, "reboots", self->reboots);
    g_key_file_set_uint64(file, GROUP, "group", (guint64)self->runner.group);
    g_key_file_set_uint64(file, GROUP, "session", (guint64)self->runner.session);
    g_key_file_set_uint64(file, GROUP, "group-start", self->runner.group_start);
    g_key_file_set_uint64(file, GROUP, "session-start", self->runner.session_start);
    g_key_file_set_boolean(file, GROUP, "resumable", self->resumable);
    g_key_file_set_boolean(file, GROUP, "claimed", self->claimed);
    g_key_file_set_string(file, GROUP, "status", execution_status_to_word(self->status));
    put_optional(file, "boot-id", self->boot_id);
    put_optional(file, "cleanup", self->cleanup);
    put_optional(file, "failed-steps", self->failed_steps);
    if (self->document) {
        digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, self->document, -1);
        g_key_file_set_string(file, GROUP, "document-sha256", digest);
    }
    details_foreach(self->details, put_detail, file);
    body = g_key_file_to_data(file, NULL, NULL);
    seal = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
    text = g_strconcat(body, SEAL, seal, "\n", NULL);
    *length = strlen(text);
    return text;
}

static gboolean
is_sealed(const char *text, gsize length)
{
    g_autofree char *digest = NULL;
    gsize body;

    if (length < SEAL_LENGTH || memchr(text, '\0', length)) {
        return FALSE;
    }
    body = length - SEAL_LENGTH;
    digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, body);
    return memcmp(text + body, SEAL, sizeof SEAL - 1) == 0 &&
           memcmp(text + body + sizeof SEAL - 1, digest, 64) == 0 && text[length - 1] == '\n';
}

static void
get_details(GKeyFile *file, const char *group, DetailsOrigin origin, Details *details)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (gsize i = 0; keys && keys[i]; i++) {
        g_autofree char *value = g_key_file_get_string(file, group, keys[i], NULL);

        details_set(details, origin, keys[i], value);
    }
}

static gboolean
get_state(GKeyFile *file, StoredState *state)
{
    g_autofree char *word = g_key_file_get_string(file, GROUP, "state", NULL);

    for (guint i = STORED_CLAIMING; i < G_N_ELEMENTS(state_words); i++) {
        if (g_strcmp0(word, state_words[i]) == 0) {
            *state = (StoredState)i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
get_count(GKeyFile *file, const char *key, guint *value)
{
    g_autoptr(GError) error = NULL;
    guint64 number = g_key_file_get_uint64(file, GROUP, key, &error);

    if (error || number > G_MAXINT) {
        return FALSE;
    }
    *value = (guint)number;
    return TRUE;
}

/* Records of earlier versions have none. */
static void
get_runner(GKeyFile *file, SurvivorsOf *runner)
{
    guint group = 0;
    guint session = 0;

    if (!get_count(file, "group", &group) || !get_count(file, "session", &session)) {
        return;
    }
    runner->group = (pid_t)group;
    runner->session = (pid_t)session;
    runner->group_start = g_key_file_get_uint64(file, GROUP, "group-start", NULL);
    runner->session_start = g_key_file_get_uint64(file, GROUP, "session-start", NULL);
}

/* A record that begins and ends well but says nonsense was written by another version. */
static gboolean
read_group(JobRecord *self, GKeyFile *file)
{
    g_autofree char *name = execution_id_to_name(self->id);
    g_autofree char *found = g_key_file_get_string(file, GROUP, "execution", NULL);
    g_autofree char *status = g_key_file_get_string(file, GROUP, "status", NULL);
    g_autofree char *cleanup = g_key_file_get_string(file, GROUP, "cleanup", NULL);

    if (g_strcmp0(name, found) != 0 || !get_state(file, &self->state) ||
        !get_count(file, "step", &self->step) || !get_count(file, "attempts", &self->attempts) ||
        !get_count(file, "reboots", &self->reboots) ||
        !execution_status_from_word(status, &self->status) ||
        (self->state == STORED_ENDING && !cleanup)) {
        return FALSE;
    }
    get_runner(file, &self->runner);
    self->resumable = g_key_file_get_boolean(file, GROUP, "resumable", NULL);
    self->claimed = g_key_file_get_boolean(file, GROUP, "claimed", NULL);
    self->boot_id = g_key_file_get_string(file, GROUP, "boot-id", NULL);
    self->cleanup = g_intern_string(cleanup);
    self->failed_steps = g_key_file_get_string(file, GROUP, "failed-steps", NULL);
    get_details(file, OWN_GROUP, DETAILS_OWN, self->details);
    get_details(file, PLUGIN_GROUP, DETAILS_PLUGIN, self->details);
    return TRUE;
}

static void
keep_document_if_whole(JobRecord *self, GKeyFile *file, const char *document)
{
    g_autofree char *wanted = g_key_file_get_string(file, GROUP, "document-sha256", NULL);
    g_autofree char *found = NULL;

    if (!document) {
        return;
    }
    found = g_compute_checksum_for_string(G_CHECKSUM_SHA256, document, -1);
    if (g_strcmp0(wanted, found) == 0) {
        self->document = g_strdup(document);
    }
}

gboolean
job_record_from_text(JobRecord *self, const char *text, gsize length, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(JobRecord) fresh = job_record_new(self->id);
    JobRecord old;

    if (!is_sealed(text, length)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the record is cut short or was changed (its checksum does not fit)");
        return FALSE;
    }
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL) ||
        !read_group(fresh, file)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the record does not make sense to this version of errand");
        return FALSE;
    }
    keep_document_if_whole(fresh, file, self->document);
    old = *self;
    *self = *fresh;
    *fresh = old;
    return TRUE;
}
