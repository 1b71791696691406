#include "stream-quota.h"

#include <string.h>

static const StreamQuotaUse *
find(const StreamQuota *self, const char *stream, StreamFormat format)
{
    for (guint i = 0; i < STREAM_QUOTA_STREAMS; i++) {
        const StreamQuotaUse *use = &self->uses[i];

        if (use->stream && use->format == format && strcmp(use->stream, stream) == 0)
            return use;
    }
    return NULL;
}

static StreamQuotaUse *
find_mutable(StreamQuota *self, const char *stream, StreamFormat format)
{
    const StreamQuotaUse *use = find(self, stream, format);

    return use ? &self->uses[use - self->uses] : NULL;
}

static gboolean
is_recent(const StreamQuotaUse *use, gint64 now_us, guint scale)
{
    return now_us - use->asked_us < STREAM_QUOTA_WAIT_S * G_USEC_PER_SEC / (gint64)scale;
}

/* In place of the one used longest ago; NULL when there were too many. */
static StreamQuotaUse *
add(StreamQuota *self, const char *stream, StreamFormat format, gint64 now_us, guint scale)
{
    StreamQuotaUse *oldest = &self->uses[0];

    if (rate_take_each(&self->streams, STREAM_QUOTA_NEW_EACH_S * G_USEC_PER_SEC / (gint64)scale,
                       STREAM_QUOTA_NEW_MAX, now_us) > 0)
        return NULL;
    for (guint i = 0; i < STREAM_QUOTA_STREAMS; i++) {
        if (!self->uses[i].stream || self->uses[i].asked_us < oldest->asked_us)
            oldest = &self->uses[i];
        if (!oldest->stream)
            break;
    }
    g_free(oldest->stream);
    *oldest = (StreamQuotaUse){.stream = g_strdup(stream), .format = format};
    return oldest;
}

gboolean
stream_quota_take(StreamQuota *self, const char *stream, StreamFormat format, gint64 now_us,
                  guint scale)
{
    StreamQuotaUse *use = find_mutable(self, stream, format);

    if (rate_take(&self->requests, STREAM_QUOTA_PER_SECOND * scale, STREAM_QUOTA_AT_ONCE, now_us) >
        0)
        return FALSE;
    if (!use)
        use = add(self, stream, format, now_us, scale);
    if (!use)
        return FALSE;
    if (!is_recent(use, now_us, scale))
        use->unanswered = 0;
    if (use->unanswered >= STREAM_QUOTA_UNANSWERED)
        return FALSE;
    use->unanswered++;
    use->asked_us = now_us;
    return TRUE;
}

void
stream_quota_answered(StreamQuota *self, const char *stream, StreamFormat format)
{
    StreamQuotaUse *use = find_mutable(self, stream, format);

    if (use)
        use->unanswered = 0;
}

gboolean
stream_quota_is_waiting(const StreamQuota *self, const char *stream, StreamFormat format,
                        gint64 now_us, guint scale)
{
    const StreamQuotaUse *use = find(self, stream, format);

    return use && is_recent(use, now_us, scale);
}

void
stream_quota_clear(StreamQuota *self)
{
    for (guint i = 0; i < STREAM_QUOTA_STREAMS; i++)
        g_free(self->uses[i].stream);
    *self = (StreamQuota){0};
}
