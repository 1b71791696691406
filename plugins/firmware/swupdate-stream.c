#include "swupdate-stream.h"

#include "boottime.h"
#include "swupdate-text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS      500
/* Between two questions for its state, which are also the heartbeats; the first few come sooner,
 * for a request that got lost. */
#define ASK_MS       5000
#define ASK_FIRST_MS 1000
/* Times in a row that SWUpdate must say to be idle: the first may come before it has woken up. */
#define IDLE_TIMES   2
/* From its final word until it is ready for the next update; it removes its files meanwhile. */
#define SETTLE_MS    30000
#define SETTLE_TICK  50
/* And from saying so until it can be woken. */
#define WAKEABLE_MS  100

/* Heard in one go, so that a flood of them cannot keep the image waiting. */
#define MESSAGES 64

#define RUNNING (-1) /* no outcome yet */

static void
tell(SwupdateStream *self, int percent)
{
    if (percent > self->now.percent)
        self->now.percent = percent;
    errand_progress(self->job, self->dry_run ? -1 : self->now.percent, self->word);
}

/* The final word, or RUNNING. */
static int
hear(SwupdateStream *self, const struct progress_msg *message)
{
    size_t length = message->infolen <= sizeof message->info ? message->infolen : 0;
    int percent;

    self->now.heard = true;
    self->now.life = boottime_ms();
    switch ((int)message->status) {
    case SUCCESS:
        /* Of another update, while ours is not all there. If it was ours after all (something
         * follows the image's end) its state will say so. */
        return self->now.ended || self->now.closed ? SWUPDATE_SUCCEEDED : RUNNING;
    case FAILURE:
        return SWUPDATE_FAILED;
    case START:
        self->begun = true;
        __attribute__((fallthrough));
    case RUN:
    case PROGRESS:
        swupdate_text_version(message->info, length, self->version, sizeof self->version);
        percent = swupdate_text_percent(message->cur_step, message->nsteps, message->cur_percent);
        if (percent > self->now.percent)
            tell(self, percent);
        return RUNNING;
    default:
        return RUNNING;
    }
}

static int
listen_to(SwupdateStream *self)
{
    int outcome = RUNNING;

    for (int i = 0; i < MESSAGES && outcome == RUNNING; i++) {
        int got = swupdate_link_next(&self->progress);

        if (got < 0)
            return SWUPDATE_GONE;
        if (got == 0)
            return RUNNING;
        outcome = hear(self, &self->progress.message);
    }
    return outcome;
}

/* The next piece, as much of it as SWUpdate takes now. */
static int
feed(SwupdateStream *self)
{
    ssize_t got;

    if (self->now.sent == self->now.length) {
        got = read(self->image, self->now.piece, sizeof self->now.piece);
        if (got < 0 && errno != EINTR)
            return SWUPDATE_UNREADABLE;
        if (got == 0) {
            self->now.ended = true;
            shutdown(self->control, SHUT_WR);
        }
        self->now.length = got > 0 ? (size_t)got : 0;
        self->now.sent = 0;
    }
    if (self->now.length == 0)
        return RUNNING;
    got = send(self->control, self->now.piece + self->now.sent, self->now.length - self->now.sent,
               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (got > 0) {
        self->now.sent += (size_t)got;
        self->now.life = boottime_ms();
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        self->now.closed = true;
    }
    return RUNNING;
}

static int
ask(SwupdateStream *self)
{
    SwupdateStatus status = {0};

    tell(self, -1);
    if (swupdate_link_status(&status, &self->notes)) {
        self->now.life = boottime_ms();
        self->now.idle = status.running ? 0 : self->now.idle + 1;
    }
    if (self->now.idle >= IDLE_TIMES && !self->now.closed)
        return SWUPDATE_NOT_TAKEN;
    if (self->now.idle >= IDLE_TIMES)
        return status.succeeded ? SWUPDATE_SUCCEEDED : SWUPDATE_FAILED;
    if (boottime_ms() - self->now.life >= self->timeout_ms)
        return SWUPDATE_SILENT;
    return RUNNING;
}

static int
wait_and_act(SwupdateStream *self)
{
    struct pollfd fds[] = {
        {self->progress.fd, POLLIN, 0},
        {self->now.closed ? -1 : self->control, self->now.ended ? 0 : POLLOUT, 0},
        {self->dry_run ? errand_cancel_fd(self->job) : -1, POLLIN, 0},
    };
    int outcome;

    if (poll(fds, sizeof fds / sizeof fds[0], TICK_MS) <= 0)
        return RUNNING;
    if (fds[2].revents != 0)
        return SWUPDATE_CANCELLED;
    outcome = fds[0].revents != 0 ? listen_to(self) : RUNNING;
    if (outcome != RUNNING)
        return outcome;
    if ((fds[1].revents & POLLOUT) != 0)
        return feed(self);
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
        self->now.closed = true;
    return RUNNING;
}

/* After its final word: what it says of itself once it is idle counts, if it still says anything.
 */
static SwupdateOutcome
settle(SwupdateStream *self, SwupdateOutcome outcome)
{
    int64_t end = boottime_ms() + SETTLE_MS;
    SwupdateStatus status = {.running = true};

    while (swupdate_link_status(&status, &self->notes) && status.running && boottime_ms() < end) {
        poll(NULL, 0, SETTLE_TICK);
        tell(self, -1);
    }
    if (status.running)
        return outcome;
    poll(NULL, 0, WAKEABLE_MS);
    return status.succeeded ? outcome : SWUPDATE_FAILED;
}

SwupdateOutcome
swupdate_stream(SwupdateStream *self)
{
    int64_t asked = boottime_ms();
    int outcome = RUNNING;

    memset(&self->now, 0, sizeof self->now);
    self->now.percent = -1;
    self->now.life = asked;
    self->begun = false;
    while (outcome == RUNNING) {
        outcome = wait_and_act(self);
        if (outcome == RUNNING &&
            boottime_ms() - asked >= (self->now.heard ? ASK_MS : ASK_FIRST_MS)) {
            outcome = ask(self);
            asked = boottime_ms();
        }
    }
    if (outcome == SWUPDATE_SUCCEEDED || outcome == SWUPDATE_FAILED)
        outcome = (int)settle(self, (SwupdateOutcome)outcome);
    if (outcome == SWUPDATE_SUCCEEDED)
        tell(self, 100);
    return (SwupdateOutcome)outcome;
}
