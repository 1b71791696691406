/* The packets between errandd and errand-runner: one compact JSON object each, on a SOCK_SEQPACKET
 * socketpair.
 *
 * Pure: bytes <-> struct, all limits in one place. The runner is untrusted input to the daemon (a
 * plugin can write to its descriptor), so packet_decode() checks size, UTF-8, nesting, types,
 * ranges and that the packet may come from that side; unknown keys are ignored, an unknown type is
 * an error. Private to one package version: PACKET_PROTOCOL must match on both sides.
 *
 * Conversation (daemon D, runner R):
 *   D start -> R ready, R checked     R has loaded the plugin and asked its check()
 *   D go    -> R progress | log | detail | critical | save | refresh | stream, any number
 *           -> R reason?, R result    reason only where the result is a failure
 * In between:
 *   R log     may also come between ready and checked
 *   D saved   answers a save, D document a refresh
 *   D streamed  any number, or none, after a stream: what the service's file streams brought
 *   D cancel  at any time
 *   D quit    (or end of file) ends a runner that waits for go
 *
 * Exit status of a runner: 0 when its last packet (checked or result) was sent, 74 when it could
 * not be, 76 without a proper start packet, 64 and 71 when it could not even begin.
 *
 * Errors: PACKET_ERROR. Ownership: a Packet owns its members.
 */
#pragma once

#include "stream.h"

#define PACKET_PROTOCOL  1
#define PACKET_SIZE_MAX  (160 * 1024) /* bytes; a document of PLAN_DOCUMENT_MAX and the rest */
#define PACKET_TEXT_MAX  4096  /* bytes of a log line or message; longer is clipped by the sender */
#define PACKET_STATE_MAX 16384 /* bytes of plugin state before base64; ERRAND_STATE_MAX */
#define PACKET_RUNNER_FD 3     /* the runner's end of the socket */
#define PACKET_MODULE_FD 4     /* the vetted plugin module, open for reading */

#define PACKET_ERROR (packet_error_quark())
GQuark packet_error_quark(void);
typedef enum {
    PACKET_ERROR_MALFORMED,
    PACKET_ERROR_TOO_BIG,
    PACKET_ERROR_UNEXPECTED, /* not a packet that side may send */
} PacketError;

typedef enum {
    /* daemon to runner */
    PACKET_START,
    PACKET_GO,
    PACKET_CANCEL,
    PACKET_SAVED,
    PACKET_DOCUMENT,
    PACKET_STREAMED,
    PACKET_QUIT,
    /* runner to daemon */
    PACKET_READY,
    PACKET_CHECKED,
    PACKET_PROGRESS,
    PACKET_LOG,
    PACKET_DETAIL,
    PACKET_REASON,
    PACKET_CRITICAL,
    PACKET_SAVE,
    PACKET_REFRESH,
    PACKET_STREAM,
    PACKET_RESULT,
} PacketType;

typedef enum { PACKET_FROM_DAEMON, PACKET_FROM_RUNNER } PacketSide;

/* Outcomes; the numbers are those of errand/plugin.h (asserted at build time by the runner). */
typedef enum {
    OUTCOME_FAILED = 0,
    OUTCOME_SUCCEEDED = 1,
    OUTCOME_REJECTED = 2,
    OUTCOME_REBOOT = 3,
    OUTCOME_CANCELLED = 4,
} Outcome;

/* Why a step is started; numbers of errand/plugin.h. */
typedef enum {
    START_FIRST = 0,
    START_REBOOTED = 1,
    START_INTERRUPTED = 2,
    START_CLEANUP = 3,
} StartReason;

typedef struct {
    PacketType type;

    /* start */
    int protocol;
    char *job_id;
    char *operation;
    char *step;     /* the step's name */
    char *document; /* JSON text of the operation's input; also in `document` packets */
    char *user;     /* what the document asks for, or NULL */
    char *account;  /* the manifest's user=: whom the runner becomes; NULL or "" to stay */
    char *private_directory;
    char *plugin;         /* expected name; in `ready` the name found */
    GHashTable *settings; /* char * -> char *; never NULL after decode of start */
    gboolean check_only;  /* after `checked` the runner leaves; nothing else follows */
    gboolean goes_on;     /* the step has begun before: its check is not asked again */

    /* go */
    StartReason reason_started;
    GBytes *state; /* go, save; NULL when none */

    /* ready */
    char *version; /* the plugin's */
    gboolean resumable;
    gboolean cleanup; /* run() wants START_CLEANUP */
    guint timeout_s;  /* 0 when the plugin states none */

    /* checked, result */
    Outcome outcome;

    /* progress */
    int percent; /* 0..100 or -1 */
    /* `step` is the word given with progress, may be NULL */

    /* log (level, text), detail (key, text), reason (key = word, text), checked (key = word, text
     * when not succeeded), saved and document (text = error, NULL when good; for document
     * `error_number` is an errno) */
    int level;
    char *key;
    char *text;
    int error_number; /* saved, document, streamed: 0 or a positive errno */

    gboolean on; /* critical */

    /* stream, streamed */
    char *stream; /* its name; the alphabet is checked by who uses it */
    StreamFormat format;
    StreamTopic topic;
    GBytes *payload; /* NULL with an error_number */
} Packet;

Packet *packet_new(PacketType type);
void packet_free(Packet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Packet, packet_free)

const char *packet_type_name(PacketType type);

/* The JSON text; PACKET_ERROR_TOO_BIG when it would pass PACKET_SIZE_MAX. */
GBytes *packet_encode(const Packet *packet, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* `from` is the side the bytes came from. */
Packet *packet_decode(const void *bytes, gsize length, PacketSide from,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
