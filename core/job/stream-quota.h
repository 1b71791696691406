/* What a step may ask of file streams. A runner is untrusted, and its requests go over the one
 * connection that all jobs and the reports share.
 *
 * Three bounds: requests a second, streams that are new, and requests of a stream that nothing has
 * come for. Whoever keeps asking gets EAGAIN until there is room again; nobody is stopped for it.
 * How much comes for a request is the service's bound: STREAM_ANSWER_MAX.
 *
 * Pure; zeroed is ready for use; one thread at a time. Times are clock_now(), scale is
 * clock_scale().
 */
#pragma once

#include "rate.h"
#include "stream.h"

/* Half of the 100 messages a second that AWS IoT Core takes from a connection before it discards
 * them. */
#define STREAM_QUOTA_PER_SECOND 50
#define STREAM_QUOTA_AT_ONCE    50
/* As many as the session keeps subscribed for an execution (SESSION_STREAMS_PER_EXECUTION): one
 * that is not among the latest costs a SUBSCRIBE, and an UNSUBSCRIBE of another. */
#define STREAM_QUOTA_STREAMS    4
/* The service names no limit for SUBSCRIBE. A document needs one stream, an afr_ota job one. */
#define STREAM_QUOTA_NEW_EACH_S 10
#define STREAM_QUOTA_NEW_MAX    8
/* Four yield 512 KiB, what AWS IoT Core carries on a connection in a second. */
#define STREAM_QUOTA_UNANSWERED 4
/* How long an answer may take (errand/plugin.h); after that nothing is waited for. */
#define STREAM_QUOTA_WAIT_S     10

typedef struct {
    char *stream; /* NULL: free */
    StreamFormat format;
    guint unanswered; /* requests since something came */
    gint64 asked_us;
} StreamQuotaUse;

typedef struct {
    Rate requests;
    Rate streams;
    StreamQuotaUse uses[STREAM_QUOTA_STREAMS];
} StreamQuota;

/* Counts a request. FALSE when it is one too many for now. */
gboolean stream_quota_take(StreamQuota *self, const char *stream, StreamFormat format,
                           gint64 now_us, guint scale) G_GNUC_WARN_UNUSED_RESULT;
/* Something has come on that stream. */
void stream_quota_answered(StreamQuota *self, const char *stream, StreamFormat format);
/* Whether something was asked of it so lately that an answer may still come. */
gboolean stream_quota_is_waiting(const StreamQuota *self, const char *stream, StreamFormat format,
                                 gint64 now_us, guint scale);
/* As if nothing had ever been asked. */
void stream_quota_clear(StreamQuota *self);
