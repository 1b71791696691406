/* Drives jobs through their life: offered, checked, claimed, run step by step, verdict, reported,
 * gone.
 *
 * The order of durable steps is what keeps the promise "an action starts once, a final status is
 * never lost": record on disk -> claim sent -> "started" on disk -> plugin told to go -> verdict on
 * disk -> final status sent -> status settled -> record removed, one line of history kept.
 *
 * When the disk fails, what cannot be recorded is not run: released again_later before the claim,
 * FAILED after it. A verdict that cannot be written is sent all the same, and written as soon as
 * that works again: a job that nobody hears of would be worse than the one wrong "interrupted" that
 * a crash in between could cause.
 *
 * A step that had begun and did not say how it ended may clean up (ERRAND_OP_CLEANUP) once the
 * verdict is on disk and before it is sent.
 *
 * Refusals (unknown operation, not enabled, plugin's check) become REJECTED while the execution is
 * still QUEUED, and are on disk before they are sent, too. The plugin is loaded and asked its
 * check() while nothing has been promised yet; it waits, one process per step, for the claim to be
 * accepted.
 *
 * Knows nothing of MQTT: the owner connects DispatcherCallbacks to a session, or to nothing
 * (errandctl run). Everything runs on the main context; callbacks may be called from inside
 * dispatcher_*() calls, and the dispatcher tolerates being called from inside its callbacks. Disk
 * writes are synchronous (durable.h).
 */
#pragma once

#include "details.h"
#include "execution.h"
#include "job-store.h"
#include "registry.h"
#include "stream.h"

typedef struct _Dispatcher Dispatcher;

typedef struct {
    guint max_parallel;
    gint64 default_timeout_ms;
    gint64 cancel_grace_ms;
    guint max_attempts;
    gboolean ignore_unknown; /* unknown-operation=ignore: leave such a job to another agent on this
                                thing */
    char *runner;            /* path of errand-runner */
    char **enabled;          /* operations; {"*"} for all */
    GHashTable *settings;    /* plugin name -> GHashTable(char * -> char *) */
    char *trust_directory;
    gboolean require_signed;
    char **handler_directories;
    /* [reboot] */
    char **reboot_command;
    char *boot_id_file;
    gint64 reboot_timeout_ms;
    /* errandctl run: do not restart the machine, treat ERRAND_REBOOT as if it had come back, and
     * say so. */
    gboolean simulate_reboot;
} DispatcherOptions;

/* All are set, but for the streams. step_timeout_minutes may be EXECUTION_NO_STEP_TIMER. */
typedef struct {
    void (*claim)(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
                  gpointer user_data);
    void (*progress)(const ExecutionId *id, guint step_timeout_minutes, const Details *details,
                     gboolean urgent, gpointer user_data);
    void (*finish)(const ExecutionId *id, ExecutionStatus status, const Details *details,
                   gpointer user_data);
    void (*refresh)(const ExecutionId *id, gpointer user_data);
    /* From an earlier life: watch it. Called from dispatcher_recover() only. */
    void (*hold)(const ExecutionId *id, gpointer user_data);
    /* Nothing more will come for this execution. again_later: it may be offered again (shutdown,
     * ignored). */
    void (*release)(const ExecutionId *id, gboolean again_later, gpointer user_data);
    /* How many more executions may be offered now; told after every offer and whenever it changes.
     */
    void (*room)(guint room, gpointer user_data);
    /* Before the machine is restarted: flush what is unsent, then call dispatcher_reboot_now(). */
    void (*about_to_reboot)(gpointer user_data);
    /* A running step asks the service for something of a file stream (stream.h); the answers, if
     * any, come by dispatcher_streamed(). NULL where there is no service. At the end of a step that
     * asked, stream_end. */
    void (*stream)(const ExecutionId *id, const char *stream, StreamFormat format,
                   StreamTopic topic, GBytes *payload, gpointer user_data);
    void (*stream_end)(const ExecutionId *id, gpointer user_data);
    /* Ask how much time the service gives it: answered by dispatcher_time_left(), or never. */
    void (*watch)(const ExecutionId *id, gpointer user_data);
} DispatcherCallbacks;

/* options, registry and store are borrowed and must outlive the dispatcher. */
Dispatcher *dispatcher_new(const DispatcherOptions *options, Registry *registry, JobStore *store,
                           const DispatcherCallbacks *callbacks, gpointer user_data);
/* Kills what runs (without a verdict: recovery decides at the next start) and frees. */
void dispatcher_free(Dispatcher *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dispatcher, dispatcher_free)

/* Takes up what the store holds from an earlier life. Call once, before the session starts; then
 * `room` is called. */
void dispatcher_recover(Dispatcher *self);

/* A new execution. status is the service's; IN_PROGRESS without a record here means that an earlier
 * life began it and its record is lost: FAILED "interrupted", with the details that it had saved at
 * the service (char * -> char *; NULL for none). document may be NULL (then it is invalid). */
void dispatcher_offer(Dispatcher *self, const ExecutionId *id, ExecutionStatus status,
                      const char *document, GHashTable *saved);
/* The answers to the callbacks. Unknown ids are ignored. */
void dispatcher_claimed(Dispatcher *self, const ExecutionId *id, gboolean accepted,
                        const char *document);
/* The service takes no claim of it, and still has it: it is ended FAILED, nothing of it ran. */
void dispatcher_unclaimable(Dispatcher *self, const ExecutionId *id, const char *why);
void dispatcher_reported(Dispatcher *self, const ExecutionId *id, gboolean taken, const char *why);
void dispatcher_gone(Dispatcher *self, const ExecutionId *id, const char *why);
void dispatcher_refreshed(Dispatcher *self, const ExecutionId *id, const char *document,
                          int error_number);
/* A message of a stream, or why there will be none (an errno; payload is NULL then). */
void dispatcher_streamed(Dispatcher *self, const ExecutionId *id, const char *stream,
                         StreamFormat format, StreamTopic topic, GBytes *payload, int error_number);
/* Seconds until the service calls the execution TIMED_OUT, by its own account; -1 when no timer
 * runs. A step that would be found at work then is stopped in time and FAILED "timed-out". */
void dispatcher_time_left(Dispatcher *self, const ExecutionId *id, gint64 seconds);
/* The owner has flushed: go down now. */
void dispatcher_reboot_now(Dispatcher *self);

/* Orderly end: no new jobs; running steps of operations that are not resumable may finish for
 * grace_ms, then everything is stopped and left to recovery; done is called once. */
void dispatcher_stop(Dispatcher *self, gint64 grace_ms, GSourceFunc done, gpointer user_data);

/* One job as it stands now. The strings last for the call. */
typedef struct {
    const ExecutionId *id;
    const char *state; /* word of the life cycle table */
    const char *operation;
    const char *step;   /* "2/3 Download-File" or the operation */
    int percent;        /* -1 unknown */
    const char *reason; /* once there is a verdict */
    const char *message;
} DispatcherJobView;
typedef void (*DispatcherJobFunc)(const DispatcherJobView *view, gpointer user_data);
/* Calls func for each job held, in order of arrival. */
void dispatcher_foreach(Dispatcher *self, DispatcherJobFunc func, gpointer user_data);
