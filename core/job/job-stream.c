#include "clock.h"
#include "dispatcher-private.h"
#include "rate.h"

#include <errno.h>

void
job_stream_ask(Job *self, RunnerProcess *runner, const Packet *packet)
{
    Dispatcher *owner = self->owner;
    const DispatcherCallbacks *callbacks = &owner->callbacks;
    guint per_second = JOB_STREAM_PER_SECOND * clock_scale();
    int fault = 0;

    if (!stream_name_valid(packet->stream) || !packet->payload) {
        fault = EINVAL;
    } else if (!callbacks->stream) {
        fault = ENOTSUP;
    } else if (self->state != LIFE_RUNNING) {
        fault = ECANCELED;
    }
    if (rate_take(&self->stream_rate, per_second, JOB_STREAM_AT_ONCE, clock_now()) > 0) {
        log_job(G_LOG_LEVEL_DEBUG, self->record->id->job_id,
                "too many requests for stream %s: one is dropped", packet->stream);
        return;
    }
    if (fault != 0) {
        (void)!runner_process_streamed(runner, packet->stream, packet->format, STREAM_REJECTED,
                                       NULL, fault);
        return;
    }
    self->streaming = TRUE;
    callbacks->stream(self->record->id, packet->stream, packet->format, packet->topic,
                      packet->payload, owner->user_data);
}

void
job_stream_end(Job *self)
{
    if (self->streaming && self->owner) {
        self->streaming = FALSE;
        self->owner->callbacks.stream_end(self->record->id, self->owner->user_data);
    }
}

void
dispatcher_streamed(Dispatcher *self, const ExecutionId *id, const char *stream,
                    StreamFormat format, StreamTopic topic, GBytes *payload, int error_number)
{
    Job *job = dispatcher_find(self, id);

    if (job && job->runner && job->state == LIFE_RUNNING &&
        !runner_process_streamed(job->runner, stream, format, topic, payload, error_number)) {
        log_job(G_LOG_LEVEL_DEBUG, id->job_id, "the plugin does not read stream %s: dropped",
                stream);
    }
}
