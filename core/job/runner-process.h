/* One errand-runner: the process that serves one step of one job.
 *
 * Starts it with nothing of errand's but a socket (3), the vetted module (4), two output pipes and
 * a small environment (runner-environment.h); hears its packets; keeps its deadline; stops it
 * (told, then TERM to its group, then KILL); and says once, when it is gone and all it had said is
 * read, what became of it. Everything it sends is untrusted.
 *
 *   start -> checked -> go -> packets ... -> ended
 *
 * Main context; not thread-safe. Callbacks come from the main loop only, never from inside a
 * runner_process_*() call. Any function may be called from a callback, runner_process_free() only
 * from `ended`. Errors: those of the parts. */
#pragma once

#include "packet.h"
#include "verdict.h"

#include <sys/types.h>

typedef struct _RunnerProcess RunnerProcess;

typedef struct {
    const char *runner;     /* path of errand-runner */
    int module_fd;          /* borrowed for the call */
    const Packet *start;    /* borrowed for the call; check_only is honoured */
    gint64 cancel_grace_ms; /* from told to TERM, and from TERM to KILL */
} RunnerProcessOptions;

typedef struct {
    /* The plugin accepts the document and the runner waits for runner_process_go(). A refusal, and
     * any answer to check_only, comes as `ended`. */
    void (*checked)(RunnerProcess *self, gpointer user_data);
    /* While it runs: progress, detail, save, refresh, stream. Last its result, which is not the
     * verdict: that comes as `ended`. */
    void (*packet)(RunnerProcess *self, const Packet *packet, gpointer user_data);
    /* The process, its group and its output have ended. Comes exactly once. */
    void (*ended)(RunnerProcess *self, const Verdict *verdict, gpointer user_data);
} RunnerProcessCallbacks;

RunnerProcess *runner_process_start(const RunnerProcessOptions *options,
                                    const RunnerProcessCallbacks *callbacks, gpointer user_data,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* deadline_ms from now; state may be NULL. */
void runner_process_go(RunnerProcess *self, StartReason reason, GBytes *state, gint64 deadline_ms);
/* Answers a save (document NULL) or a refresh; error_number 0 is good. */
void runner_process_answer(RunnerProcess *self, PacketType type, const char *document,
                           int error_number, const char *text);
/* Passes a message of a stream on, or the errno value of a request that had to fail; FALSE when the
 * runner does not read and it was dropped. */
gboolean runner_process_streamed(RunnerProcess *self, const char *stream, StreamFormat format,
                                 StreamTopic topic, GBytes *payload, int error_number);
/* Begins the ladder told - TERM - KILL; it waits while the plugin is in a critical section. A
 * runner that was not told to go is killed at once. */
void runner_process_cancel(RunnerProcess *self);
/* The service's time for the job is nearly over: what a deadline does, now, but with KILL after
 * kill_ms at the latest. FALSE when it does not run or is being stopped anyway. */
gboolean runner_process_out_of_time(RunnerProcess *self, gint64 kill_ms);
/* Kills it; from now on only `ended` is called, with the given arguments. */
void runner_process_abandon(RunnerProcess *self,
                            void (*ended)(RunnerProcess *self, const Verdict *verdict,
                                          gpointer user_data),
                            gpointer user_data);
/* A runner still there is killed and waited for, shortly. */
void runner_process_free(RunnerProcess *self);

gboolean runner_process_is_critical(const RunnerProcess *self);
/* The process group it leads, with all that it starts and that stays there. */
pid_t runner_process_group(const RunnerProcess *self);
/* The plugin's name. */
const char *runner_process_plugin(const RunnerProcess *self);
/* Of the plugin's `ready`. */
gboolean runner_process_is_resumable(const RunnerProcess *self);
gboolean runner_process_wants_cleanup(const RunnerProcess *self);
guint runner_process_timeout_s(const RunnerProcess *self);
/* Its run() has returned, and not to have the machine restarted. */
gboolean runner_process_is_done(const RunnerProcess *self);
/* The last 1024 characters printed, clean; NULL when nothing was. Caller frees. */
char *runner_process_stdout(const RunnerProcess *self);
char *runner_process_stderr(const RunnerProcess *self);
