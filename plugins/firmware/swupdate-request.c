#include "swupdate-request.h"

#include "boottime.h"
#include "swupdate-text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define TICK_MS      500
#define HEARTBEAT_MS 5000
/* For SWUpdate to notice a new listener; what it says before is not heard. */
#define NOTICE_MS    100
/* Refusals in a row by a SWUpdate that is idle: one may be by chance, when another client was
 * quicker and is done already. */
#define REFUSALS_MAX 3

typedef enum {
    ACCEPTED,
    ABSENT,
    BUSY,
    REFUSED,  /* it was idle */
    MISMATCH, /* of the library */
} Answer;

typedef struct {
    SwupdateStream *stream;
    const SwupdateRequest *request;
    char why[256]; /* it is absent */
    bool was_busy;
} Asking;

/* Throws away what is told of an update that is not ours. false: the connection is closed. */
static bool
drain(SwupdateProgress *progress)
{
    int got;

    do {
        got = swupdate_link_next(progress);
    } while (got > 0);
    return got == 0;
}

/* false: absent. */
static bool
look(Asking *self, SwupdateStatus *status)
{
    SwupdateStream *stream = self->stream;

    if (stream->progress.fd < 0) {
        if (!swupdate_link_watch(&stream->progress, self->why, sizeof self->why))
            return false;
        poll(NULL, 0, NOTICE_MS);
    }
    if (drain(&stream->progress) && swupdate_link_status(status, &stream->notes))
        return true;
    snprintf(self->why, sizeof self->why, "%s: nobody answers", get_ctrl_socket());
    swupdate_link_unwatch(&stream->progress);
    return false;
}

static Answer
ask(Asking *self)
{
    SwupdateStream *stream = self->stream;
    SwupdateStatus status;
    bool was_busy = self->was_busy;
    int control;

    if (!look(self, &status))
        return ABSENT;
    self->was_busy = status.running;
    /* It says to be idle a little before it can be woken. */
    if (status.running || was_busy)
        return BUSY;
    stream->notes = (SwupdateNotes){0};
    control = swupdate_link_request(&self->request->request);
    if (control >= 0) {
        stream->control = control;
        return ACCEPTED;
    }
    if (control == -EINVAL)
        return MISMATCH;
    if (!look(self, &status))
        return ABSENT;
    return status.running ? BUSY : REFUSED;
}

static int32_t
give_up(Asking *self, Answer answer)
{
    errand_job *job = self->stream->job;
    const char *notes = self->stream->notes.text;

    if (answer == MISMATCH)
        return errand_fail(job, "internal",
                           "libswupdate is another release than the one the firmware plugin was "
                           "built with: install errand-plugin-firmware of this system's release");
    if (answer == REFUSED)
        return errand_fail(job, "not-allowed",
                           "SWUpdate refuses the request: %s (errand.conf: [plugin firmware] "
                           "swupdate-selection must be one that swupdate was started to accept "
                           "with -q)",
                           *notes != '\0' ? notes : "it does not say why");
    if (answer == BUSY)
        return errand_fail(job, "install-failed",
                           "SWUpdate has been busy with another update for %lld s",
                           (long long)(self->request->busy_ms / 1000));
    return errand_fail(job, "internal",
                       "no answer from SWUpdate: %s; is swupdate.service running, and is "
                       "errand.conf: [plugin firmware] swupdate-directory where its sockets are?",
                       self->why);
}

static bool
cancelled_meanwhile(const SwupdateStream *stream)
{
    struct pollfd fd = {stream->dry_run ? errand_cancel_fd(stream->job) : -1, POLLIN, 0};

    return poll(&fd, 1, TICK_MS) > 0;
}

static int64_t
patience(const SwupdateRequest *request, Answer answer)
{
    if (answer != BUSY)
        return request->wait_ms;
    return request->patient ? INT64_MAX : request->busy_ms;
}

int32_t
swupdate_request(SwupdateStream *stream, const SwupdateRequest *request)
{
    Asking self = {.stream = stream, .request = request, .why = ""};
    int64_t start = boottime_ms(), beat = 0;
    int refusals = 0;

    for (;;) {
        Answer answer = ask(&self);
        int64_t now = boottime_ms();

        if (answer == ACCEPTED)
            return ERRAND_SUCCEEDED;
        refusals = answer == REFUSED ? refusals + 1 : 0;
        if (answer == MISMATCH || refusals >= REFUSALS_MAX ||
            now - start >= patience(request, answer))
            return give_up(&self, answer);
        if (now - beat >= HEARTBEAT_MS) {
            errand_progress(stream->job, -1, answer == BUSY ? "waiting" : stream->word);
            beat = now;
        }
        if (cancelled_meanwhile(stream))
            return ERRAND_CANCELLED;
    }
}

void
swupdate_settle(errand_job *job, int64_t busy_ms)
{
    int64_t until = boottime_ms() + busy_ms, beat = 0;
    SwupdateNotes notes = {0};
    SwupdateStatus status;

    while (swupdate_link_status(&status, &notes) && status.running && boottime_ms() < until) {
        if (boottime_ms() - beat >= HEARTBEAT_MS) {
            errand_progress(job, -1, "waiting");
            beat = boottime_ms();
        }
        poll(NULL, 0, TICK_MS);
    }
}
