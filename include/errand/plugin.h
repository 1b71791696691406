/* errand/plugin.h: the whole contract between errand and a handler plugin.
 *
 * A plugin is a shared object that exports one constant, errand_plugin_v1, and links to nothing of
 * errand. It is loaded by errand-runner, a process that serves one step of one job and is gone
 * afterwards: run() may block as long as it likes, may leak, may crash; it costs its own job and
 * nothing else.
 *
 * Rules that hold for every function below:
 *  - Text is UTF-8 and ends in NUL. Text handed to the plugin belongs to errand and stays valid
 * until run() (or check()) returns; text handed to errand is copied before the call returns.
 *  - An int32_t result is 0 for success or a negative errno value, unless its comment says
 * otherwise.
 *  - Any thread of the plugin may call them; a signal handler may not.
 *  - NULL where text is expected is answered with -EINVAL (or NULL), never with a crash.
 *
 * Needs C99 or C++11 and the C library only. In C++, check() and run() let no exception out: it
 * would end the process, and with it the job (FAILED, "crashed").
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef ERRAND_PLUGIN_H
#define ERRAND_PLUGIN_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised only when plugins built before can no longer be run; it is also the number in
 * errand_plugin_v1. */
#define ERRAND_PLUGIN_ABI 1u

/* What run() and check() return. Zero is failure, so a forgotten result never counts as success; a
 * value not listed here counts as ERRAND_FAILED. */
#define ERRAND_FAILED    0 /* it was tried and did not work */
#define ERRAND_SUCCEEDED 1 /* it is done; from check(): the document is acceptable */
#define ERRAND_REJECTED  2 /* it will not be tried: bad document, not allowed, not this device */
#define ERRAND_REBOOT    3 /* restart the machine, then call run() again (START_REBOOTED) */
#define ERRAND_CANCELLED 4 /* stopped early because errand_cancelled() said so */

/* Why run() is called. */
#define ERRAND_START_FIRST       0 /* nothing of this step ran before */
#define ERRAND_START_REBOOTED    1 /* run() returned ERRAND_REBOOT, the machine has booted since */
#define ERRAND_START_INTERRUPTED 2 /* an earlier run() never returned: power cut, crash ... */
#define ERRAND_START_CLEANUP     3 /* the job has ended: ERRAND_OP_CLEANUP */

/* errand_operation.flags. RESUMABLE: run() may be called with ERRAND_START_INTERRUPTED; without it
 * an interruption fails the job.
 * CLEANUP: when the job ends though run(), once begun, has not said how (cancelled or deleted while
 * the machine was down, overdue, crashed, interrupted too often, a reboot that did not happen, an
 * operation that is not enabled any more), run() is called once more, with ERRAND_START_CLEANUP and
 * the saved state, to leave the machine as it should be; again after an interruption. It has ten
 * minutes. What it returns changes nothing of the job's status; details that it sets go out with
 * that. ERRAND_REBOOT restarts the machine, at most [jobs] max-attempts times, and run() is called
 * again, the same way, to see whether all is well now. The document is "{}" when it cannot be read
 * any more; there are no streams (-ECANCELED) and no fresh document (-ENOENT). An errand too old
 * for this ignores the flag. */
#define ERRAND_OP_RESUMABLE (1u << 0)
#define ERRAND_OP_CLEANUP   (1u << 1)

/* Levels for errand_log(); the numbers are those of syslog. */
#define ERRAND_LOG_ERROR   3
#define ERRAND_LOG_WARNING 4
#define ERRAND_LOG_INFO    6
#define ERRAND_LOG_DEBUG   7

/* Largest state that errand_save_state() takes, in bytes. */
#define ERRAND_STATE_MAX 16384

/* How the messages of a file stream are written: errand_stream_describe(). Both carry the same;
 * CBOR is a quarter smaller. */
#define ERRAND_STREAM_JSON 0
#define ERRAND_STREAM_CBOR 1

/* Bytes of a stream's blocks: 256 is the service's limit; the largest one is the largest power of
 * two that fits a message of the service in JSON, too. */
#define ERRAND_STREAM_BLOCK_MIN 256
#define ERRAND_STREAM_BLOCK_MAX 65536

typedef struct errand_job errand_job;

/* One operation a plugin serves. Members are only ever added at the end. */
typedef struct {
    const char *name;    /* what "operation" (or a step's "type") says in a job document:
                            [A-Za-z0-9_-], 1..64 */
    const char *summary; /* one line for people */
    uint32_t flags;      /* ERRAND_OP_* */
    uint32_t timeout_s; /* seconds run() may take; 0 for the manifest's or the configured default */

    /* Optional (NULL: every document is acceptable). Looks at the document only: no side effects,
     * no network, at most a few seconds. What acts (progress, detail, critical, save_state,
     * refresh_document, streams) answers -EPERM meanwhile. Returns ERRAND_SUCCEEDED, or
     * errand_reject(...). Not asked again when a step that has begun goes on or cleans up (after
     * a reboot, an interruption, the end): settings may be others by then, and run() decides what
     * that means. */
    int32_t (*check)(errand_job *job);

    /* Does the job. Called once per process, on its main thread. */
    int32_t (*run)(errand_job *job);
} errand_operation;

/* The exported constant. Members are only ever added at the end. */
typedef struct {
    uint32_t struct_size; /* sizeof(errand_plugin) where the plugin was built */
    uint32_t abi;         /* ERRAND_PLUGIN_ABI where the plugin was built */
    const char *name;     /* the same as in NAME.plugin */
    const char *version;  /* the plugin's own, for the log */
    const errand_operation *operations;
    uint32_t n_operations;
    uint32_t operation_size; /* sizeof(errand_operation) there: the stride of the array */
} errand_plugin;

/* What a stream's service says of one file. Members are only ever added at the end. */
typedef struct {
    uint32_t struct_size; /* set by the plugin: sizeof(errand_stream_file) where it was built */
    int32_t version;      /* of the stream; it changes with its files */
    int64_t size;         /* bytes */
} errand_stream_file;

/* Which blocks of a file are wanted, and who takes them. Members are only ever added at the end;
 * a plugin begins with {.struct_size = sizeof request} (C++: {sizeof request}), which makes the
 * rest zero. */
typedef struct {
    uint32_t struct_size; /* sizeof(errand_stream_request) where the plugin was built */
    int32_t format;       /* ERRAND_STREAM_* */
    const char *stream;   /* name of the stream: [A-Za-z0-9_-], 1..128 */
    int32_t file;         /* 0..255 */
    int32_t version;      /* as described, or -1: any (blocks of two versions could then mix) */
    int64_t size;         /* as described */
    uint32_t block_size; /* 256..65536, the same for one file all the time: blocks are numbered from
                            0, block N begins at byte N x block_size, the last one may be short */
    uint32_t first;      /* the block that the first bit of `wanted` stands for */
    const uint8_t *wanted; /* bit k of byte n, least significant first: block first + 8n + k is
                              wanted. NULL: all blocks from `first` on */
    uint32_t wanted_size;  /* bytes of `wanted`, at most 12288 */
    /* Called on the thread that called errand_stream_get(), before that returns: for each block
     * that was wanted and has come whole, once, in any order. `bytes` are valid for the call. Every
     * function but those for streams may be called meanwhile. 0 to go on; a negative errno value
     * ends errand_stream_get() with that value. */
    int32_t (*block)(void *data, uint32_t index, const void *bytes, uint32_t length);
    void *data; /* handed to block() as it is */
} errand_stream_request;

/* What errand offers. Authors use the errand_*() functions further down rather than these members.
 * Members are only ever added at the end; ERRAND_HOST_HAS() asks for later ones. */
typedef struct {
    uint32_t struct_size;
    uint32_t abi;
    int32_t (*start)(errand_job *job);
    const char *(*job_id)(errand_job *job);
    const char *(*operation)(errand_job *job);
    const char *(*step)(errand_job *job);
    const char *(*user)(errand_job *job);
    const char *(*document)(errand_job *job, size_t *length);
    const char *(*get_string)(errand_job *job, const char *pointer);
    int32_t (*get_int)(errand_job *job, const char *pointer, int64_t *value);
    int32_t (*get_bool)(errand_job *job, const char *pointer, int32_t *value);
    int32_t (*get_length)(errand_job *job, const char *pointer);
    int32_t (*get_type)(errand_job *job, const char *pointer);
    const char *(*get_key)(errand_job *job, const char *pointer, int32_t index);
    const char *(*setting)(errand_job *job, const char *key);
    const char *(*setting_item)(errand_job *job, const char *key, int32_t index);
    const char *(*private_directory)(errand_job *job);
    void (*log)(errand_job *job, int32_t level, const char *text);
    int32_t (*progress)(errand_job *job, int32_t percent, const char *step);
    int32_t (*detail)(errand_job *job, const char *key, const char *value);
    int32_t (*reason)(errand_job *job, const char *word, const char *text);
    int32_t (*cancelled)(errand_job *job);
    int32_t (*cancel_fd)(errand_job *job);
    int32_t (*critical)(errand_job *job, int32_t enter);
    int32_t (*save_state)(errand_job *job, const void *data, size_t length);
    const void *(*load_state)(errand_job *job, size_t *length);
    int32_t (*refresh_document)(errand_job *job);
    /* From here on: not in the first version. */
    int32_t (*stream_describe)(errand_job *job, const char *stream, int32_t format, int32_t file,
                               errand_stream_file *found);
    int32_t (*stream_get)(errand_job *job, const errand_stream_request *request);
} errand_host;

struct errand_job {
    const errand_host *host;
};

/* Whether the running errand has a member of errand_host (for members that came after version 1.0).
 */
#define ERRAND_HOST_HAS(job, member)                                                               \
    ((job)->host->struct_size >= offsetof(errand_host, member) + sizeof((job)->host->member))

/* What errand_get_type() answers; 0 means there is no such place in the document. */
#define ERRAND_TYPE_NONE   0
#define ERRAND_TYPE_NULL   1
#define ERRAND_TYPE_BOOL   2
#define ERRAND_TYPE_INT    3
#define ERRAND_TYPE_NUMBER 4 /* a number with a fraction or an exponent */
#define ERRAND_TYPE_STRING 5
#define ERRAND_TYPE_ARRAY  6
#define ERRAND_TYPE_OBJECT 7

/* ---- Who and why ---- */

/* One of ERRAND_START_*; ERRAND_START_FIRST during check(). */
static inline int32_t
errand_start(errand_job *job)
{
    return job->host->start(job);
}

/* The jobId, at most 64 bytes of [A-Za-z0-9_-]. */
static inline const char *
errand_job_id(errand_job *job)
{
    return job->host->job_id(job);
}

/* The operation asked for; one run() may serve several. */
static inline const char *
errand_operation_name(errand_job *job)
{
    return job->host->operation(job);
}

/* The step's name in a step document; the operation's name otherwise. */
static inline const char *
errand_step(errand_job *job)
{
    return job->host->step(job);
}

/* The account the document asks for ("user", "runAsUser"), or NULL when it names none. errand does
 * not switch to it by itself: the plugin decides what it means and whether it is allowed. */
static inline const char *
errand_user(errand_job *job)
{
    return job->host->user(job);
}

/* ---- The document ----
 * Places are named by JSON Pointer (RFC 6901): "/url", "/files/0/name", "" for the whole. */

/* The operation's document as JSON text. length may be NULL. */
static inline const char *
errand_document(errand_job *job, size_t *length)
{
    return job->host->document(job, length);
}

/* A string; NULL when absent or not a string. */
static inline const char *
errand_get_string(errand_job *job, const char *pointer)
{
    return job->host->get_string(job, pointer);
}

/* An integer. -ENOENT when absent, -EINVAL when it is something else. */
static inline int32_t
errand_get_int(errand_job *job, const char *pointer, int64_t *value)
{
    return job->host->get_int(job, pointer, value);
}

/* true (1) or false (0). -ENOENT when absent, -EINVAL when it is something else. */
static inline int32_t
errand_get_bool(errand_job *job, const char *pointer, int32_t *value)
{
    return job->host->get_bool(job, pointer, value);
}

/* Number of elements of an array or members of an object. -ENOENT when absent, -EINVAL otherwise.
 */
static inline int32_t
errand_get_length(errand_job *job, const char *pointer)
{
    return job->host->get_length(job, pointer);
}

/* One of ERRAND_TYPE_*. */
static inline int32_t
errand_get_type(errand_job *job, const char *pointer)
{
    return job->host->get_type(job, pointer);
}

/* Name of the index-th member of an object, from 0; NULL past the end. For finding keys nobody
 * knows. */
static inline const char *
errand_get_key(errand_job *job, const char *pointer, int32_t index)
{
    return job->host->get_key(job, pointer, index);
}

/* ---- Settings and places ---- */

/* A key of group [plugin NAME] in errand.conf, as written; NULL when unset. */
static inline const char *
errand_setting(errand_job *job, const char *key)
{
    return job->host->setting(job, key);
}

/* The index-th item (from 0) of a ';' separated setting; NULL past the end. */
static inline const char *
errand_setting_item(errand_job *job, const char *key, int32_t index)
{
    return job->host->setting_item(job, key, index);
}

/* A directory for this step alone, mode 0700, on persistent storage: it survives a reboot in
 * mid-job and is removed at the job's end, with its content and all files ".errand-JOBID-..." whose
 * paths are lines of the file "leftovers" in here. NULL during check(). */
static inline const char *
errand_private_directory(errand_job *job)
{
    return job->host->private_directory(job);
}

/* ---- Telling ---- */

/* A line for the gateway's log, with the job's id added. INFO and DEBUG show with --verbose only.
 */
static inline void
errand_log(errand_job *job, int32_t level, const char *text)
{
    job->host->log(job, level, text);
}

/* How far the step is: 0..100, or -1 for unknown; `step` is a short word for what is being done, or
 * NULL. Cheap: errand decides how often the cloud hears of it. Call it now and then in a long job
 * even when nothing changed: it is also the heartbeat that keeps the cloud's step timer from
 * running out. */
static inline int32_t
errand_progress(errand_job *job, int32_t percent, const char *step)
{
    return job->host->progress(job, percent, step);
}

/* Adds or replaces one name/value pair of the job's statusDetails: key 1..128 of [A-Za-z0-9:_-],
 * value text (cleaned and cut to 1024 characters; an empty one removes the pair). -EINVAL for a bad
 * key, -E2BIG past 32 pairs; only what is left of the service's ten pairs after errand's own is
 * sent. */
static inline int32_t
errand_detail(errand_job *job, const char *key, const char *value)
{
    return job->host->detail(job, key, value);
}

/* ---- Stopping ---- */

/* Nonzero once the job should stop. Ask at least every second or two: after the configured grace
 * time the process group gets SIGTERM, then SIGKILL. */
static inline int32_t
errand_cancelled(errand_job *job)
{
    return job->host->cancelled(job);
}

/* A descriptor that polls readable once errand_cancelled() is true. It stays errand's: do not read
 * or close it. */
static inline int32_t
errand_cancel_fd(errand_job *job)
{
    return job->host->cancel_fd(job);
}

/* Brackets what must not be torn (a flash write): between enter = 1 and enter = 0 a cancel waits.
 * The step's deadline does not wait. Calls may nest; -EINVAL for a leave too many. */
static inline int32_t
errand_critical(errand_job *job, int32_t enter)
{
    return job->host->critical(job, enter);
}

/* ---- Surviving ---- */

/* Replaces the saved state of this step. On disk when it returns 0. -E2BIG for more than
 * ERRAND_STATE_MAX bytes. After an error the state saved before is kept. */
static inline int32_t
errand_save_state(errand_job *job, const void *data, size_t length)
{
    return job->host->save_state(job, data, length);
}

/* The state saved last, also before a reboot or an interruption; NULL when there is none. */
static inline const void *
errand_load_state(errand_job *job, size_t *length)
{
    return job->host->load_state(job, length);
}

/* Fetches the job document again (presigned URLs are made anew at each delivery) and replaces what
 * the errand_get_*() functions see; text handed out before stays valid. Blocks for up to a minute.
 * -ENOENT: the job is gone or has ended; -ETIMEDOUT: no answer (or cancelled), try again later;
 * -ENOTSUP: run without a cloud; anything else: what came cannot be used. What there was before is
 * kept then. */
static inline int32_t
errand_refresh_document(errand_job *job)
{
    return job->host->refresh_document(job);
}

/* ---- File streams ----
 * AWS IoT can send files over the connection the gateway has anyway (MQTT-based file delivery), for
 * places where nothing else is open. The files, 24 MB at most, are grouped in a named stream; the
 * name is in the job document. A plugin describes one file, then gets its blocks, some at a time:
 *
 *     errand_stream_file found = {.struct_size = sizeof found};
 *     int32_t result = errand_stream_describe(job, stream, ERRAND_STREAM_CBOR, 0, &found);
 *     ...
 *     while blocks are missing and the tries have not run out:
 *         errand_stream_request request = {.struct_size = sizeof request, ...};
 *         result = errand_stream_get(job, &request);
 *
 * Messages get lost, so fewer blocks than wanted are not an error: ask again for what is missing.
 * To go on after an interruption, save which blocks are on disk together with version and size.
 *
 * What both functions answer, beside what their comments say: -EINVAL a bad argument, or one the
 * service does not take; -EPERM during check(); -EBUSY another call is under way; -ECANCELED the
 * job is cancelled or has ended; -ENOTSUP run without a cloud (`errandctl run`), or by an errand
 * too old for streams; -ENOENT there is no such stream or file; -EACCES the gateway's policy or the
 * stream's does not allow it; -EIO the service failed, which may pass; -EAGAIN too many requests or
 * too many different streams in a short time, which passes, too; -ENETDOWN the gateway is offline:
 * nothing was asked, so wait some seconds and ask again, and do not count it as a failure of the
 * stream. */

/* Asks for a file's size and the stream's version. Blocks for up to ten seconds: -ETIMEDOUT when
 * there is no answer; the link may have been lost meanwhile, so try again later. */
static inline int32_t
errand_stream_describe(errand_job *job, const char *stream, int32_t format, int32_t file,
                       errand_stream_file *found)
{
    if (!ERRAND_HOST_HAS(job, stream_describe))
        return -ENOTSUP;
    return job->host->stream_describe(job, stream, format, file, found);
}

/* Asks once for the wanted blocks; the service sends at most 128 KiB for one request, so at most
 * the first 131072 / block_size wanted blocks are asked for. Returns the number of blocks given to
 * request->block() once all these have come, or when none came for ten seconds, or for two after
 * the last one: 0 is possible. -ESTALE: the stream has another version by now: describe it again,
 * and take no block from before for one of the new file. */
static inline int32_t
errand_stream_get(errand_job *job, const errand_stream_request *request)
{
    if (!ERRAND_HOST_HAS(job, stream_get))
        return -ENOTSUP;
    return job->host->stream_get(job, request);
}

/* ---- Ending badly, with a reason ----
 * return errand_fail(job, "no-space", "%s: %s", path, strerror(errno));
 * The word is for machines (1..64 of [a-z0-9-], else it becomes "internal"), the text for people
 * (cut at 1023 bytes). */

#if defined(__GNUC__)
#define ERRAND_PRINTF_ __attribute__((format(printf, 3, 4)))
#define ERRAND_EXPORT  __attribute__((visibility("default")))
#else
#define ERRAND_PRINTF_
#define ERRAND_EXPORT
#endif

ERRAND_PRINTF_
static inline int32_t
errand_fail(errand_job *job, const char *word, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    job->host->reason(job, word, text);
    return ERRAND_FAILED;
}

ERRAND_PRINTF_
static inline int32_t
errand_reject(errand_job *job, const char *word, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    job->host->reason(job, word, text);
    return ERRAND_REJECTED;
}

/* Once per plugin, at file scope: ERRAND_PLUGIN("name", "1.0", operations) with an array of
 * errand_operation. */
#define ERRAND_PLUGIN(plugin_name, plugin_version, operation_array)                                \
    extern ERRAND_EXPORT const errand_plugin errand_plugin_v1;                                     \
    const errand_plugin errand_plugin_v1 = {                                                       \
        (uint32_t)sizeof(errand_plugin),                                                           \
        ERRAND_PLUGIN_ABI,                                                                         \
        (plugin_name),                                                                             \
        (plugin_version),                                                                          \
        (operation_array),                                                                         \
        (uint32_t)(sizeof(operation_array) / sizeof((operation_array)[0])),                        \
        (uint32_t)sizeof((operation_array)[0]),                                                    \
    }

#ifdef __cplusplus
}
#endif
#endif
