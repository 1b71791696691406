#include "host-private.h"

static int32_t
host_start(errand_job *job)
{
    Host *self = (Host *)job;
    int32_t reason;

    g_mutex_lock(&self->lock);
    reason = (int32_t)self->reason_started;
    g_mutex_unlock(&self->lock);
    return reason;
}

static const char *
host_job_id(errand_job *job)
{
    return ((Host *)job)->start->job_id;
}

static const char *
host_operation(errand_job *job)
{
    return ((Host *)job)->start->operation;
}

static const char *
host_step(errand_job *job)
{
    return ((Host *)job)->start->step;
}

static const char *
host_user(errand_job *job)
{
    const char *user = ((Host *)job)->start->user;

    return user != NULL && *user != '\0' ? user : NULL;
}

static const char *
host_setting(errand_job *job, const char *key)
{
    return key == NULL ? NULL : g_hash_table_lookup(((Host *)job)->start->settings, key);
}

/* Appends what the backslash at `at` means in a keyfile; returns what follows. */
static const char *
unescape(const char *at, GString *item)
{
    static const char escapes[] = "s n\nt\tr\r";

    for (gsize i = 0; i + 1 < sizeof escapes; i += 2) {
        if (at[1] == escapes[i]) {
            g_string_append_c(item, escapes[i + 1]);
            return at + 2;
        }
    }
    if (at[1] != ';' && at[1] != '\\') {
        g_string_append_c(item, '\\');
        return at + 1;
    }
    g_string_append_c(item, at[1]);
    return at + 2;
}

static char **
split(const char *raw)
{
    GPtrArray *items = g_ptr_array_new();
    GString *item = g_string_new(NULL);
    const char *start = raw;

    while (*raw != '\0') {
        if (*raw == '\\') {
            raw = unescape(raw, item);
        } else if (*raw == ';') {
            g_ptr_array_add(items, g_string_free(item, FALSE));
            item = g_string_new(NULL);
            start = ++raw;
        } else {
            g_string_append_c(item, *raw++);
        }
    }
    if (raw > start)
        g_ptr_array_add(items, g_string_free(item, FALSE));
    else
        g_string_free(item, TRUE);
    g_ptr_array_add(items, NULL);
    return (char **)g_ptr_array_free(items, FALSE);
}

static const char *
host_setting_item(errand_job *job, const char *key, int32_t index)
{
    Host *self = (Host *)job;
    const char *raw = host_setting(job, key);
    const char *item;
    char **items;

    if (raw == NULL || index < 0)
        return NULL;
    g_mutex_lock(&self->lock);
    items = g_hash_table_lookup(self->items, key);
    if (items == NULL) {
        items = split(raw);
        g_hash_table_insert(self->items, g_strdup(key), items);
    }
    item = (guint)index < g_strv_length(items) ? items[index] : NULL;
    g_mutex_unlock(&self->lock);
    return item;
}

gboolean
host_is_running(Host *self)
{
    gboolean running;

    g_mutex_lock(&self->lock);
    running = self->running;
    g_mutex_unlock(&self->lock);
    return running;
}

static const char *
host_private_directory(errand_job *job)
{
    Host *self = (Host *)job;

    return host_is_running(self) ? self->start->private_directory : NULL;
}

static const errand_host table = {
    .struct_size = sizeof table,
    .abi = ERRAND_PLUGIN_ABI,
    .start = host_start,
    .job_id = host_job_id,
    .operation = host_operation,
    .step = host_step,
    .user = host_user,
    .document = host_document,
    .get_string = host_get_string,
    .get_int = host_get_int,
    .get_bool = host_get_bool,
    .get_length = host_get_length,
    .get_type = host_get_type,
    .get_key = host_get_key,
    .setting = host_setting,
    .setting_item = host_setting_item,
    .private_directory = host_private_directory,
    .log = host_log,
    .progress = host_progress,
    .detail = host_detail,
    .reason = host_give_reason,
    .cancelled = host_cancelled,
    .cancel_fd = host_cancel_fd,
    .critical = host_critical,
    .save_state = host_save_state,
    .load_state = host_load_state,
    .refresh_document = host_refresh_document,
    .stream_describe = host_stream_describe,
    .stream_get = host_stream_get,
};

Host *
host_new(Client *client, Packet *start, GError **error)
{
    g_autoptr(Document) document = document_new(start->document, error);
    Host *self;

    if (document == NULL)
        return NULL;
    self = g_new0(Host, 1);
    self->handle.host = &table;
    self->client = client;
    self->start = start;
    self->documents = g_ptr_array_new_with_free_func((GDestroyNotify)document_free);
    g_ptr_array_add(self->documents, g_steal_pointer(&document));
    self->states = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    self->items =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
    self->details = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

errand_job *
host_job(Host *self)
{
    return &self->handle;
}

void
host_begin_run(Host *self, Packet *go)
{
    g_mutex_lock(&self->lock);
    self->running = TRUE;
    self->reason_started = go->reason_started;
    if (go->state != NULL)
        g_ptr_array_add(self->states, g_bytes_ref(go->state));
    g_clear_pointer(&self->word, g_free);
    g_clear_pointer(&self->text, g_free);
    g_mutex_unlock(&self->lock);
    packet_free(go);
}

void
host_reason(Host *self, char **word, char **text)
{
    g_mutex_lock(&self->lock);
    *word = g_strdup(self->word);
    *text = g_strdup(self->text);
    g_mutex_unlock(&self->lock);
}
