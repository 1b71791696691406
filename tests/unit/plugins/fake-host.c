#include "fake-host.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF(job) ((FakeHost *)(job))

static const char *
keep(FakeHost *self, char *text)
{
    if (text != NULL)
        g_ptr_array_add(self->kept, text);
    return text;
}

static int32_t
host_start(errand_job *job)
{
    return SELF(job)->start;
}

static const char *
host_job_id(errand_job *job)
{
    return "job-1";
}

static const char *
host_operation(errand_job *job)
{
    return SELF(job)->operation;
}

static const char *
host_step(errand_job *job)
{
    return SELF(job)->step != NULL ? SELF(job)->step : SELF(job)->operation;
}

static const char *
host_user(errand_job *job)
{
    return SELF(job)->user;
}

static const char *
host_setting(errand_job *job, const char *key)
{
    return g_hash_table_lookup(SELF(job)->settings, key);
}

static const char *
host_setting_item(errand_job *job, const char *key, int32_t index)
{
    const char *text = host_setting(job, key);
    g_auto(GStrv) items = g_strsplit(text != NULL ? text : "", ";", -1);
    guint count = g_strv_length(items);

    if (count > 0 && *items[count - 1] == '\0')
        count--;
    if (index < 0 || (guint)index >= count)
        return NULL;
    return keep(SELF(job), g_strdup(items[index]));
}

static const char *
host_private_directory(errand_job *job)
{
    return SELF(job)->private_directory;
}

static void
host_log(errand_job *job, int32_t level, const char *text)
{
    g_string_append_printf(SELF(job)->log, "%s\n", text);
}

static int32_t
host_progress(errand_job *job, int32_t percent, const char *step)
{
    g_atomic_int_inc((gint *)&SELF(job)->n_progress);
    return 0;
}

static int32_t
host_detail(errand_job *job, const char *key, const char *value)
{
    g_hash_table_replace(SELF(job)->details, g_strdup(key), g_strdup(value));
    return 0;
}

static int32_t
host_reason(errand_job *job, const char *word, const char *text)
{
    FakeHost *self = SELF(job);

    g_free(self->reason);
    g_free(self->message);
    self->reason = g_strdup(word);
    self->message = g_strdup(text);
    return 0;
}

static int32_t
host_cancelled(errand_job *job)
{
    return g_atomic_int_get(&SELF(job)->cancelled);
}

static int32_t
host_cancel_fd(errand_job *job)
{
    return SELF(job)->cancel[0];
}

static int32_t
host_critical(errand_job *job, int32_t enter)
{
    SELF(job)->critical += enter ? 1 : -1;
    return 0;
}

static int32_t
host_save_state(errand_job *job, const void *data, size_t length)
{
    FakeHost *self = SELF(job);

    if (length > ERRAND_STATE_MAX)
        return -E2BIG;
    g_clear_pointer(&self->state, g_bytes_unref);
    self->state = g_bytes_new(data, length);
    self->n_saved++;
    if (self->cancel_on_state != NULL &&
        memmem(data, length, self->cancel_on_state, strlen(self->cancel_on_state)) != NULL)
        fake_host_cancel(self);
    return 0;
}

static const void *
host_load_state(errand_job *job, size_t *length)
{
    return SELF(job)->state != NULL ? g_bytes_get_data(SELF(job)->state, length) : NULL;
}

static int32_t
host_refresh_document(errand_job *job)
{
    FakeHost *self = SELF(job);

    self->n_refreshed++;
    if (self->refreshed != NULL && self->refresh_result == 0)
        fake_host_set_document(self, self->refreshed);
    return self->refresh_result;
}

static const errand_host host_table = {
    .struct_size = sizeof(errand_host),
    .abi = ERRAND_PLUGIN_ABI,
    .start = host_start,
    .job_id = host_job_id,
    .operation = host_operation,
    .step = host_step,
    .user = host_user,
    .setting = host_setting,
    .setting_item = host_setting_item,
    .private_directory = host_private_directory,
    .log = host_log,
    .progress = host_progress,
    .detail = host_detail,
    .reason = host_reason,
    .cancelled = host_cancelled,
    .cancel_fd = host_cancel_fd,
    .critical = host_critical,
    .save_state = host_save_state,
    .load_state = host_load_state,
    .refresh_document = host_refresh_document,
};

void
fake_host_set_document(FakeHost *self, const char *document)
{
    g_autofree char *text = g_strdelimit(g_strdup(document), "'", '"');
    g_autoptr(GError) error = NULL;

    if (self->document != NULL)
        g_ptr_array_add(self->old_documents, self->document);
    self->document = json_parser_new();
    if (!json_parser_load_from_data(self->document, text, -1, &error))
        g_error("%s: %s", text, error->message);
}

FakeHost *
fake_host_new(const char *plugin, const char *operation, const char *document)
{
    FakeHost *self = g_new0(FakeHost, 1);
    g_autofree char *path = g_strdup_printf("%s/%s.so", g_getenv("PLUGIN_DIRECTORY"), plugin);
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (module == NULL)
        g_error("%s", dlerror());
    self->plugin = dlsym(module, "errand_plugin_v1");
    g_assert_nonnull(self->plugin);
    self->host = host_table;
    fake_host_fill_document(&self->host);
    self->job.host = &self->host;
    self->operation = g_strdup(operation);
    self->old_documents = g_ptr_array_new_with_free_func(g_object_unref);
    self->kept = g_ptr_array_new_with_free_func(g_free);
    self->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->details = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->log = g_string_new(NULL);
    g_assert_cmpint(pipe(self->cancel), ==, 0);
    fake_host_set_document(self, document);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return self;
}

void
fake_host_free(FakeHost *self)
{
    g_object_unref(self->document);
    g_ptr_array_unref(self->old_documents);
    g_ptr_array_unref(self->kept);
    g_hash_table_unref(self->settings);
    g_hash_table_unref(self->details);
    g_clear_pointer(&self->state, g_bytes_unref);
    g_string_free(self->log, TRUE);
    close(self->cancel[0]);
    close(self->cancel[1]);
    g_free(self->operation);
    g_free(self->step);
    g_free(self->user);
    g_free(self->reason);
    g_free(self->message);
    g_free(self->refreshed);
    g_free(self->private_directory);
    g_free(self->output);
    g_free(self);
}

void
fake_host_set(FakeHost *self, const char *key, const char *value)
{
    g_hash_table_replace(self->settings, g_strdup(key), g_strdup(value));
}

static const errand_operation *
find_operation(FakeHost *self)
{
    for (guint i = 0; i < self->plugin->n_operations; i++) {
        if (g_strcmp0(self->plugin->operations[i].name, self->operation) == 0)
            return &self->plugin->operations[i];
    }
    g_error("no operation %s", self->operation);
}

static void
forget(FakeHost *self)
{
    g_clear_pointer(&self->reason, g_free);
    g_clear_pointer(&self->message, g_free);
    g_hash_table_remove_all(self->details);
}

int32_t
fake_host_check(FakeHost *self)
{
    forget(self);
    return find_operation(self)->check(&self->job);
}

int32_t
fake_host_run(FakeHost *self)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "errand-output-XXXXXX", NULL);
    int file = g_mkstemp(path), out = dup(1), err = dup(2);
    int32_t result;

    forget(self);
    fflush(stdout);
    dup2(file, 1);
    dup2(file, 2);
    result = find_operation(self)->run(&self->job);
    fflush(stdout);
    dup2(out, 1);
    dup2(err, 2);
    close(file);
    close(out);
    close(err);
    g_clear_pointer(&self->output, g_free);
    g_file_get_contents(path, &self->output, NULL, NULL);
    g_unlink(path);
    return result;
}

void
fake_host_cancel(FakeHost *self)
{
    g_atomic_int_set(&self->cancelled, 1);
    g_assert_cmpint(write(self->cancel[1], "x", 1), ==, 1);
}

const char *
fake_host_detail(FakeHost *self, const char *key)
{
    return g_hash_table_lookup(self->details, key);
}

guint
fake_host_count_children(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;
    guint count = 0;

    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("%s cannot be read", path);
    for (char *at = text; (at = strchr(at, ' ')) != NULL; at++)
        count++;
    return count;
}
