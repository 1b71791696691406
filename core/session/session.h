/* The Jobs conversation: keeps one thing's dialogue with the service going over whatever happens to
 * the link.
 *
 * What it does:
 *  - connects and reconnects, subscribes, checks every SUBACK;
 *  - asks for work after each (re)connect and every resync interval, and offers executions that the
 *    gateway does not hold yet; repeats of the same id are dropped here;
 *  - claims; sends progress: the latest wins, at most one per progress interval, at once on a new
 *    step;
 *  - sends a final status until the service takes it or refuses it for good: after 10 s doubling to
 *    640 s, with jitter, and after every reconnect;
 *  - notices that a held execution was taken away: cancelled, deleted, timed out;
 *  - names an execution at the head of the queue that the service takes no status for in the log at
 *    every resync, and takes the others from behind it.
 *
 * What it is not: it knows nothing of plugins, documents or files. It keeps nothing on disk:
 * whoever calls session_finish() has made the status durable before, and calls it again after a
 * restart.
 *
 * An execution is *held* from session_claim(), session_finish() or session_hold() until `reported`,
 * `gone` or session_release(). Held executions are watched.
 *
 * Everything runs on the main context, single-threaded; no call blocks, no callback is called from
 * inside a session_*() call (results arrive from the main loop), so callers need not be re-entrant.
 * Ownership: arguments are copied; callback arguments belong to the session and last for the call.
 */
#pragma once

#include "details.h"
#include "execution.h"
#include "jobs-execution.h"
#include "stream.h"

#include <gio/gio.h>

typedef struct _Session Session;

typedef enum { SESSION_NEXT, SESSION_START_NEXT, SESSION_AVAILABLE } SessionWorkflow;

typedef struct {
    /* [broker] */
    char *host;
    guint16 port;
    gboolean tls;
    char *ca_file;
    char *certificate_file;
    char *private_key_file; /* path or pkcs11: URI */
    char *client_id;
    guint keep_alive_s;
    char *proxy; /* http://user:password@host:port or NULL; never logged */
    /* [thing] */
    char *thing_name;
    /* [jobs] */
    SessionWorkflow workflow;
    gint64 progress_interval_ms;
    gint64 resync_interval_ms;
    gint64 request_timeout_ms;
} SessionOptions;

typedef enum {
    SESSION_OFFLINE, /* waits to connect, or is stopped */
    SESSION_CONNECTING,
    SESSION_SUBSCRIBING,
    SESSION_READY, /* subscribed: the conversation runs */
} SessionState;

typedef enum {
    SESSION_CLAIM_ACCEPTED,
    SESSION_CLAIM_REFUSED, /* gone, cancelled, final: not ours to run */
    SESSION_CLAIM_INVALID, /* the service takes no claim of it, and still has it: end it */
} SessionClaim;

typedef struct {
    /* An execution that is not held: QUEUED, or IN_PROGRESS from before (a restart, a lost disk).
     * It is offered once; answer by session_claim(), session_finish() or session_release(). */
    void (*offered)(const JobsExecution *execution, gpointer user_data);
    /* The answer to session_claim(). text is the freshest document when the claim was accepted and
     * the service sent one, else NULL; when it was not, the reason. */
    void (*claimed)(const ExecutionId *id, SessionClaim answer, const char *text,
                    gpointer user_data);
    /* A final status is settled: taken is FALSE when the service refused it for good (the text says
     * why: the execution is gone or ended otherwise). The execution is not held any more. */
    void (*reported)(const ExecutionId *id, gboolean taken, const char *why, gpointer user_data);
    /* A held execution was taken away; nothing is to be reported for it. Not held any more. */
    void (*gone)(const ExecutionId *id, const char *why, gpointer user_data);
    /* The answer to session_refresh(): the document, or an errno (ENOENT gone, ETIMEDOUT no answer
     * in time). */
    void (*refreshed)(const ExecutionId *id, const char *document, int error_number,
                      gpointer user_data);
    /* A held execution is in progress and the service has told how many seconds remain until it
     * calls it TIMED_OUT: an estimate, of the nearer of its two timers; -1 when none runs. */
    void (*time_left)(const ExecutionId *id, gint64 seconds, gpointer user_data);
    void (*state_changed)(SessionState state, gpointer user_data);
    /* Optional. A message of a stream that session_stream_request() was called for, unread; of at
     * most STREAM_MESSAGE_MAX bytes. Or payload is NULL and error_number EACCES: the broker does
     * not let this client subscribe to it. */
    void (*streamed)(const ExecutionId *id, const char *stream, StreamFormat format,
                     StreamTopic topic, GBytes *payload, int error_number, gpointer user_data);
} SessionCallbacks;

/* Whether a host is this machine by its name or address: the only kind that tls=false is for. */
gboolean session_host_is_loopback(const char *host);

/* Reads CA, certificate and key; does not connect. options is copied. The error (of MQTT or of
 * vetting the key) names the setting or file and what to do. The process ignores SIGPIPE from here
 * on (GIO's doing): children must be given the default again. */
Session *session_new(const SessionOptions *options, const SessionCallbacks *callbacks,
                     gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Starts connecting, for ever, with back-off. The first attempt is made at once. */
void session_start(Session *self);
/* Sends what may still be sent within the time (final statuses first), disconnects, then calls done
 * once. */
void session_stop(Session *self, gint64 flush_ms, GSourceFunc done, gpointer user_data);
void session_free(Session *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* How many more executions the gateway has room for; 0 pauses offers, and raising it asks the
 * service for the next. Starts at 0. */
void session_set_room(Session *self, guint room);

/* Ours from an earlier life (restart in mid-job): watch it and do not offer it. What that life had
 * told, and only the service knows now, is sent along with all that is told from here on: an update
 * replaces the whole map. So the first update waits for a description, but not for ever. The same
 * goes for session_finish() of an execution that was neither offered nor held before. */
void session_hold(Session *self, const ExecutionId *id);
/* UpdateJobExecution IN_PROGRESS with a step timer; answered by `claimed` or `gone`, however long
 * the link is down. step_timeout_minutes 1..10080 or EXECUTION_NO_STEP_TIMER. */
void session_claim(Session *self, const ExecutionId *id, guint step_timeout_minutes,
                   const Details *details);
/* Progress of a claimed execution. urgent sends at once (a new step); otherwise coalesced. Restarts
 * the step timer. */
void session_progress(Session *self, const ExecutionId *id, guint step_timeout_minutes,
                      const Details *details, gboolean urgent);
/* The final status: SUCCEEDED, FAILED or REJECTED. Answered by `reported`. A refused map of details
 * is answered by sending the status without it; a refused REJECTED by FAILED. */
void session_finish(Session *self, const ExecutionId *id, ExecutionStatus status,
                    const Details *details);
/* Asks whether a held execution still is ours, and how much time is left: `gone` or `time_left`. */
void session_watch(Session *self, const ExecutionId *id);
/* Fetch the document again. */
void session_refresh(Session *self, const ExecutionId *id);
/* Not ours (any more): forget it. It is not offered again while it stays the same execution, unless
 * again_later. */
void session_release(Session *self, const ExecutionId *id, gboolean again_later);

/* File streams (stream.h): messages are carried, not read. Publishes a request on STREAM_DESCRIBE
 * or STREAM_GET for an execution that was claimed or held, after subscribing to the stream's
 * answers where that is not done. They come as `streamed`, to every execution that asked for that
 * stream in that format; or nothing comes: a request within ten seconds of a refused
 * subscription is dropped. Offline it is answered with ENETDOWN at once and not kept. An execution
 * has at most four streams at a time, the session twelve; one more closes the one used longest ago.
 */
void session_stream_request(Session *self, const ExecutionId *id, const char *stream,
                            StreamFormat format, StreamTopic topic, GBytes *payload);
/* The execution's step has ended: its subscriptions go. */
void session_stream_close(Session *self, const ExecutionId *id);

/* Number of executions whose final status is not settled yet. */
guint session_unsettled(const Session *self);
