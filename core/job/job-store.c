#include "job-store.h"

#include "clock.h"
#include "crash-point.h"
#include "durable.h"
#include "history-line.h"
#include "job-record.h"
#include "leftovers.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOBS_FOLDER        "jobs"
#define DAMAGED_FOLDER     "damaged"
#define HISTORY_FILE       "history"
#define RECORD_FILE        "record"
#define DOCUMENT_FILE      "document.json"
#define STATE_FILE         "state"
#define PRIVATE_FOLDER     "private"
#define DOCUMENT_SIZE_MAX  (1024 * 1024) /* several times what the service can send */
#define STATE_SIZE_MAX     (64 * 1024)   /* several times ERRAND_STATE_MAX */
#define HISTORY_SIZE_MAX   (1024 * 1024)
#define ACCOUNT_BUFFER_MAX 16384

struct _JobStore {
    char *directory;
    char *jobs;
    char *damaged;
    DurableAhead *ahead; /* of the record that will be updated next */
};

static gboolean
fail(GError **error, const char *what, const char *path)
{
    int code = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "cannot %s %s: %s", what, path,
                g_strerror(code));
    return FALSE;
}

JobStore *
job_store_open(const char *state_directory, GError **error)
{
    g_autoptr(JobStore) self = g_new0(JobStore, 1);

    self->directory = g_strdup(state_directory);
    self->jobs = g_build_filename(state_directory, JOBS_FOLDER, NULL);
    self->damaged = g_build_filename(state_directory, DAMAGED_FOLDER, NULL);
    if (!durable_make_directory(self->jobs, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
job_store_free(JobStore *self)
{
    if (!self) {
        return;
    }
    g_free(self->directory);
    g_free(self->jobs);
    g_free(self->damaged);
    durable_ahead_free(self->ahead);
    g_free(self);
}

static char *
folder_of(JobStore *self, const ExecutionId *id)
{
    g_autofree char *name = execution_id_to_name(id);

    return g_build_filename(self->jobs, name, NULL);
}

static void
set_aside(JobStore *self, const char *path, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *place = durable_set_aside(path, self->damaged, &error);

    if (place) {
        g_warning("%s: %s; moved to %s for inspection", path, why, place);
    } else {
        g_warning("%s: %s; it could not be set aside either: %s", path, why, error->message);
    }
}

void
job_store_forget(JobStore *self, const ExecutionId *id)
{
    g_autofree char *folder = folder_of(self, id);
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&self->ahead, durable_ahead_free);
    if (!leftovers_remove_all(folder, id->job_id, &error)) {
        log_job(G_LOG_LEVEL_WARNING, id->job_id, "its folder stays behind: %s", error->message);
    }
}

gboolean
job_store_sweep(JobStore *self, const ExecutionId *id)
{
    g_autofree char *folder = folder_of(self, id);

    return leftovers_remove_all(folder, id->job_id, NULL);
}

/* NULL for a folder without a record: nothing was promised for it yet. */
static JobRecord *
load_one(JobStore *self, const ExecutionId *id)
{
    g_autofree char *folder = folder_of(self, id);
    g_autoptr(JobRecord) record = job_record_new(id);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = durable_read(folder, RECORD_FILE, JOB_RECORD_SIZE_MAX, &length, &error);

    record->document = durable_read(folder, DOCUMENT_FILE, DOCUMENT_SIZE_MAX, NULL, NULL);
    if (text && job_record_from_text(record, text, length, &error)) {
        return g_steal_pointer(&record);
    }
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        job_store_forget(self, id);
        return NULL;
    }
    leftovers_remove(folder, id->job_id);
    set_aside(self, folder, error->message);
    record->state = STORED_DAMAGED;
    return g_steal_pointer(&record);
}

GPtrArray *
job_store_load_all(JobStore *self)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)job_record_free);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(self->jobs, 0, &error);
    const char *entry;

    if (!dir) {
        g_warning("jobs of an earlier life cannot be read: %s", error->message);
        return records;
    }
    while ((entry = g_dir_read_name(dir))) {
        g_ptr_array_add(names, g_strdup(entry));
    }
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(self->jobs, name, NULL);
        g_autoptr(ExecutionId) id = execution_id_from_name(name);
        JobRecord *record = id ? load_one(self, id) : NULL;

        if (!id) {
            set_aside(self, path, "not the name of a job execution");
        } else if (record) {
            g_ptr_array_add(records, record);
        }
    }
    return records;
}

/* Written, not synced; the descriptor, or -1. */
static int
write_document(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, DOCUMENT_FILE, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    gsize length = strlen(text), done = 0;
    gboolean good = fd >= 0;

    while (good && done < length) {
        ssize_t count = write(fd, text + done, length - done);

        good = count >= 0 || errno == EINTR;
        done += count > 0 ? (gsize)count : 0;
    }
    if (good) {
        return fd;
    }
    fail(error, "write", path);
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static gboolean
make_folder(const char *folder, GError **error)
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST || fail(error, "create", folder);
}

static gboolean
sync_and_close(int fd, const char *folder, GError **error)
{
    gboolean good = fd < 0 || fsync(fd) == 0 || fail(error, "sync the document in", folder);

    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* The document is synced after the record: one commit of the file system's journal then serves
 * both. Found without its document such a record is forgotten, for nothing was promised yet. */
gboolean
job_store_create(JobStore *self, const JobRecord *record, GError **error)
{
    g_autofree char *folder = folder_of(self, record->id);
    gboolean good;
    int fd = -1;

    crash_point("job:store-create");
    if (!make_folder(folder, error)) {
        return FALSE;
    }
    if (record->document) {
        fd = write_document(folder, record->document, error);
        if (fd < 0) {
            return FALSE;
        }
    }
    crash_point("job:store-document");
    good = job_store_update(self, record, error);
    good = sync_and_close(fd, folder, good ? error : NULL) && good;
    if (!good || !durable_sync_directory(self->jobs, error)) {
        return FALSE;
    }
    crash_point("job:store-created");
    return TRUE;
}

gboolean
job_store_update(JobStore *self, const JobRecord *record, GError **error)
{
    g_autofree char *folder = folder_of(self, record->id);
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    crash_point("job:store-update");
    if (!durable_write_ahead(g_steal_pointer(&self->ahead), folder, RECORD_FILE, text, length,
                             error)) {
        return FALSE;
    }
    crash_point("job:store-updated");
    return TRUE;
}

void
job_store_expect(JobStore *self, const JobRecord *record)
{
    g_autofree char *folder = folder_of(self, record->id);
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    durable_ahead_free(self->ahead);
    self->ahead = durable_ahead_new(folder, RECORD_FILE, text, length);
}

gboolean
job_store_save_state(JobStore *self, const ExecutionId *id, GBytes *state, GError **error)
{
    g_autofree char *folder = folder_of(self, id);
    g_autofree char *path = g_build_filename(folder, STATE_FILE, NULL);
    gsize length = 0;
    const void *bytes = state ? g_bytes_get_data(state, &length) : NULL;

    crash_point("job:state-save");
    if (state && !durable_write(folder, STATE_FILE, bytes, length, error)) {
        return FALSE;
    }
    if (!state && unlink(path) != 0 && errno != ENOENT) {
        return fail(error, "remove", path);
    }
    if (!state && !durable_sync_directory(folder, error)) {
        return FALSE;
    }
    crash_point("job:state-saved");
    return TRUE;
}

GBytes *
job_store_load_state(JobStore *self, const ExecutionId *id)
{
    g_autofree char *folder = folder_of(self, id);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    char *bytes = durable_read(folder, STATE_FILE, STATE_SIZE_MAX, &length, &error);

    if (bytes) {
        return g_bytes_new_take(bytes, length);
    }
    if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        log_job(G_LOG_LEVEL_WARNING, id->job_id, "the step's saved state is lost: %s",
                error->message);
    }
    return NULL;
}

static gboolean
find_account(const char *account, uid_t *uid, gid_t *gid, GError **error)
{
    g_autofree char *buffer = g_malloc(ACCOUNT_BUFFER_MAX);
    struct passwd entry;
    struct passwd *found = NULL;

    errno = getpwnam_r(account, &entry, buffer, ACCOUNT_BUFFER_MAX, &found);
    if (!found) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "account %s does not exist here: create it, or change user= of the plugin",
                    account);
        return FALSE;
    }
    *uid = entry.pw_uid;
    *gid = entry.pw_gid;
    return TRUE;
}

/* Another account must be able to walk to its own directory; it cannot list what is beside it. */
static gboolean
open_the_way(JobStore *self, const char *folder, const char *parent, GError **error)
{
    const char *way[] = {self->directory, self->jobs, folder, parent};

    for (gsize i = 0; i < G_N_ELEMENTS(way); i++) {
        struct stat info;

        if (stat(way[i], &info) != 0 ||
            ((info.st_mode & 0111) != 0111 && chmod(way[i], (info.st_mode & 07777) | 0111) != 0)) {
            return fail(error, "open the way through", way[i]);
        }
    }
    return TRUE;
}

char *
job_store_private_path(JobStore *self, const ExecutionId *id, guint step)
{
    g_autofree char *folder = folder_of(self, id);

    return g_strdup_printf("%s/%s/%u", folder, PRIVATE_FOLDER, step + 1);
}

char *
job_store_private_directory(JobStore *self, const ExecutionId *id, guint step, gboolean fresh,
                            const char *account, GError **error)
{
    g_autofree char *folder = folder_of(self, id);
    g_autofree char *parent = g_build_filename(folder, PRIVATE_FOLDER, NULL);
    g_autofree char *path = job_store_private_path(self, id, step);
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (fresh && !durable_remove_tree(path, error)) {
        return NULL;
    }
    if (!make_folder(folder, error) || !make_folder(parent, error) || !make_folder(path, error)) {
        return NULL;
    }
    if (uid == 0 && account && *account && !find_account(account, &uid, &gid, error)) {
        return NULL;
    }
    if (uid != geteuid() && !open_the_way(self, folder, parent, error)) {
        return NULL;
    }
    if (uid != geteuid() && lchown(path, uid, gid) != 0) {
        fail(error, "hand over", path);
        return NULL;
    }
    return g_steal_pointer(&path);
}

gboolean
job_store_remove(JobStore *self, const JobRecord *record, const char *outcome, GError **error)
{
    g_autofree char *folder = folder_of(self, record->id);
    g_autofree char *when = clock_wall_text();
    g_autofree char *line = history_line(record, outcome, when);
    g_autoptr(GError) history = NULL;

    crash_point("job:store-remove");
    g_clear_pointer(&self->ahead, durable_ahead_free);
    if (!durable_append_line(self->directory, HISTORY_FILE, line, HISTORY_SIZE_MAX, &history)) {
        log_job(G_LOG_LEVEL_WARNING, record->id->job_id, "no line of history: %s",
                history->message);
    }
    if (!leftovers_remove_all(folder, record->id->job_id, error)) {
        return FALSE;
    }
    crash_point("job:store-removed");
    return TRUE;
}
