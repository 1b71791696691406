#include "clock.h"
#include "dispatcher-private.h"
#include "stream-message.h"

#include <errno.h>

static int
judge(Job *self, const Packet *packet)
{
    if (!stream_name_valid(packet->stream) || !packet->payload)
        return EINVAL;
    if (!self->owner->callbacks.stream)
        return ENOTSUP;
    if (self->state != LIFE_RUNNING)
        return ECANCELED;
    if (stream_quota_take(&self->stream_quota, packet->stream, packet->format, clock_now(),
                          clock_scale()))
        return 0;
    log_job(G_LOG_LEVEL_DEBUG, self->record->id->job_id,
            "too many requests for streams: one for %s is refused", packet->stream);
    return EAGAIN;
}

void
job_stream_ask(Job *self, RunnerProcess *runner, const Packet *packet)
{
    Dispatcher *owner = self->owner;
    int fault = judge(self, packet);

    if (fault != 0) {
        (void)!runner_process_streamed(runner, packet->stream, packet->format, STREAM_REJECTED,
                                       NULL, fault);
        return;
    }
    self->streaming = TRUE;
    owner->callbacks.stream(self->record->id, packet->stream, packet->format, packet->topic,
                            packet->payload, owner->user_data);
}

void
job_stream_end(Job *self)
{
    stream_quota_clear(&self->stream_quota);
    if (self->streaming && self->owner) {
        self->streaming = FALSE;
        self->owner->callbacks.stream_end(self->record->id, self->owner->user_data);
    }
}

/* ---- Whose answer it is ---- */

static gboolean
names_its_request(StreamFormat format, GBytes *payload)
{
    gsize length = 0;
    gconstpointer bytes = g_bytes_get_data(payload, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(StreamMessage) message =
        stream_message_parse(format, STREAM_REJECTED, bytes, length, &error);

    /* What cannot be read does no harm: the runner leaves it aside, and says so. */
    return !message || message->token;
}

/* The service cannot repeat the token of a request that it could not read, and another program of
 * this thing may have made that. So a refusal without one is taken for the only request that it can
 * be the answer to; when there are several, each is made again after its time. */
static gboolean
may_be_for(Dispatcher *self, const Job *job, const char *stream, StreamFormat format,
           GBytes *payload)
{
    gboolean mine = FALSE;
    guint waiting = 0;

    if (names_its_request(format, payload))
        return TRUE;
    for (guint i = 0; i < self->jobs->len; i++) {
        const Job *one = self->jobs->pdata[i];

        if (!stream_quota_is_waiting(&one->stream_quota, stream, format, clock_now(),
                                     clock_scale()))
            continue;
        waiting++;
        mine = mine || one == job;
    }
    if (waiting > 1)
        log_job(G_LOG_LEVEL_INFO, job->record->id->job_id,
                "a refusal on stream %s does not say which of %u requests it is for: left aside",
                stream, waiting);
    return mine && waiting == 1;
}

void
dispatcher_streamed(Dispatcher *self, const ExecutionId *id, const char *stream,
                    StreamFormat format, StreamTopic topic, GBytes *payload, int error_number)
{
    Job *job = dispatcher_find(self, id);

    if (!job || !job->runner || job->state != LIFE_RUNNING)
        return;
    if (topic == STREAM_REJECTED && payload && !may_be_for(self, job, stream, format, payload))
        return;
    stream_quota_answered(&job->stream_quota, stream, format);
    if (!runner_process_streamed(job->runner, stream, format, topic, payload, error_number)) {
        log_job(G_LOG_LEVEL_DEBUG, id->job_id, "the plugin does not read stream %s: dropped",
                stream);
    }
}
