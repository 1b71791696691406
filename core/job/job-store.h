/* What is on disk about the jobs the gateway holds: STATE/jobs/JOBID.NUMBER.QUEUEDAT/ and
 * STATE/history.
 *
 * A folder has `record` (a keyfile: state, steps' progress, verdict; replaced as a whole, durable
 * when the call returns), `document.json` (written once), `state` (the running step's saved state)
 * and `private/` (the step's own directory, kept until the job ends). Writes per job are a small
 * constant: created, started once per step, verdict; none for progress, none while idle.
 *
 * A damaged record is set aside under STATE/damaged/ with one warning, never a crash; the job is
 * then reported by what is known: its name still tells the execution, so it ends as FAILED
 * "interrupted" instead of running again.
 *
 * Errors: G_FILE_ERROR with path and errno text. Not thread-safe.
 */
#pragma once

#include "details.h"
#include "execution.h"
#include "survivors.h"

typedef struct _JobStore JobStore;

/* Where a job stands, as stored. */
typedef enum {
    STORED_DAMAGED = 0, /* the record could not be read */
    STORED_CLAIMING,    /* nothing with a side effect has run */
    STORED_RUNNING,     /* step `step` was told to go */
    STORED_REBOOTING,   /* step `step` asked for a reboot; boot_id is the boot before it */
    STORED_ENDING,      /* `status` is decided (CANCELED: nothing is to be reported), and the plugin
                           has still to clean up */
    STORED_DECIDED,     /* the verdict is in; it only needs to be reported */
} StoredState;

typedef struct {
    ExecutionId *id;
    StoredState state;
    guint step;             /* index of the current step */
    guint attempts;         /* how often the current step was told to go, or to clean up */
    guint reboots;          /* reboots asked for by this job */
    gboolean resumable;     /* of the current step's operation */
    const char *cleanup;    /* interned: the current step's operation, when that has begun and is to
                               clean up should the job end; or NULL */
    gboolean claimed;       /* the service accepted the claim */
    SurvivorsOf runner;     /* that was told to go */
    char *boot_id;          /* of the boot in which the record was written */
    char *failed_steps;     /* names of failed steps that were ignored, for the message; or NULL */
    ExecutionStatus status; /* STORED_DECIDED: SUCCEEDED, FAILED, REJECTED; STORED_ENDING: also
                               CANCELED */
    Details *details;       /* what is to be reported with it, or was gathered so far; never NULL */
    char *document;         /* JSON text; NULL when it could not be read */
} JobRecord;

JobRecord *job_record_new(const ExecutionId *id);
void job_record_free(JobRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobRecord, job_record_free)

/* state_directory is created when missing (0700). */
JobStore *job_store_open(const char *state_directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void job_store_free(JobStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobStore, job_store_free)

/* Every job on disk, JobRecord *; the array owns them. Damaged ones come as STORED_DAMAGED; a
 * folder without any record is from before the first promise and is removed. */
GPtrArray *job_store_load_all(JobStore *self);
/* Makes the folder with document and record (four syncs). Durable. */
gboolean job_store_create(JobStore *self, const JobRecord *record,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Replaces the record (two syncs). Durable. */
gboolean job_store_update(JobStore *self, const JobRecord *record,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tells what the next job_store_update() of this record will most likely write: one of its two
 * syncs is then done here, while the caller waits for somebody else anyway. Only the latest is
 * kept; another update, or none, is as right as before. */
void job_store_expect(JobStore *self, const JobRecord *record);
/* The plugin's state; NULL bytes remove it. Durable. */
gboolean job_store_save_state(JobStore *self, const ExecutionId *id, GBytes *state,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *job_store_load_state(JobStore *self, const ExecutionId *id);
/* Path of the step's private directory, created empty when `fresh`; allowed before
 * job_store_create(), for a folder without a record is swept at the next start. It will belong to
 * the account (NULL or "": errand's own, as always when errand is not root); for a foreign one the
 * directories above become passable (mode 0711). Caller frees. */
char *job_store_private_directory(JobStore *self, const ExecutionId *id, guint step, gboolean fresh,
                                  const char *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its path, without looking at the disk. Caller frees. */
char *job_store_private_path(JobStore *self, const ExecutionId *id, guint step);
/* Removes a folder that never got a record, or should not have. */
void job_store_forget(JobStore *self, const ExecutionId *id);
/* Removes the folder of a job that has ended, and what it left elsewhere (leftovers.h); FALSE, and
 * no word, when that still fails. */
gboolean job_store_sweep(JobStore *self, const ExecutionId *id);
/* Removes the folder and appends one line of JSON to the history (history.h). */
gboolean job_store_remove(JobStore *self, const JobRecord *record, const char *outcome,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
