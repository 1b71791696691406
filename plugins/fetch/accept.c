#include "accept.h"

#include "space.h"
#include "state.h"

/* Bytes between two looks at the space. */
#define SPACE_STEP (256 * 1024)

static bool
end(Attempt *self, int32_t verdict)
{
    self->verdict = verdict;
    self->result = ATTEMPT_ENDED;
    return false;
}

void
accept_write_error(Attempt *self, int error)
{
    end(self, transfer_write_failed(self->transfer, error, self->identity.total));
}

static bool
wrong_size(Attempt *self, int64_t found, const char *more)
{
    return end(self, transfer_wrong_size(self->transfer, found, more));
}

/* Silent while it is none. */
static bool
is_too_large(Attempt *self, int64_t size)
{
    int64_t limit = self->transfer->fetch->limit;

    if (limit == 0 || size <= limit)
        return false;
    end(self, errand_fail(self->transfer->job, "download-failed",
                          "%s has %lld bytes or more, at most %lld are taken", self->transfer->name,
                          (long long)size, (long long)limit));
    return true;
}

/* The length that the server tells of the whole, -1 when it does not; false with the verdict. */
static bool
length_is_good(Attempt *self, int64_t total)
{
    int64_t size = self->transfer->fetch->size;

    if (total >= 0 && size >= 0 && total != size)
        return wrong_size(self, total, "");
    return !is_too_large(self, total);
}

/* Room for what is still to come of it. */
static bool
has_room(Attempt *self)
{
    int64_t left = self->identity.total - self->transfer->sink.offset;
    const Fetch *fetch = self->transfer->fetch;
    int32_t verdict = space_check(self->transfer->job, fetch->directory, fetch->path, left);

    return verdict == ERRAND_SUCCEEDED || end(self, verdict);
}

static bool
start_over(Attempt *self)
{
    int error = self->transfer->sink.offset > 0 ? sink_restart(&self->transfer->sink) : 0;

    self->transfer->resumed = false;
    if (error == 0)
        return true;
    accept_write_error(self, error);
    return false;
}

/* A transient fault. */
static bool
again(Attempt *self, const char *fault)
{
    snprintf(self->fault, sizeof self->fault, "%s", fault);
    self->result = ATTEMPT_AGAIN;
    return false;
}

/* The whole file, from its first byte. */
static bool
accept_whole(Attempt *self)
{
    if (!start_over(self))
        return false;
    if (self->response.bad_length)
        return again(self, "the server's Content-Length is not a number");
    self->identity = self->response.identity;
    if (!length_is_good(self, self->identity.total))
        return false;
    if (self->identity.total >= 0 && !has_room(self))
        return false;
    if (state_save(self->transfer, &self->identity) != 0)
        errand_log(self->transfer->job, ERRAND_LOG_WARNING,
                   "state not saved: the download will start anew if it is interrupted");
    return self->taking = true;
}

/* The rest, if it is the rest of what we have; else anew at the next try. */
static bool
accept_rest(Attempt *self)
{
    const Response *response = &self->response;

    if (self->transfer->sink.offset == 0)
        return end(self, errand_fail(self->transfer->job, "download-failed",
                                     "%s: the server sends a part of the file, unasked",
                                     self->transfer->name));
    if (!response->has_range || response->start != self->transfer->sink.offset ||
        !identity_matches(&self->identity, &response->identity)) {
        if (!start_over(self))
            return false;
        self->identity = (Identity){.total = -1};
        return again(self, "the file is another one than before, or not the part asked for");
    }
    self->identity.total = response->identity.total;
    if (!length_is_good(self, self->identity.total) || !has_room(self))
        return false;
    self->transfer->resumed = true;
    return self->taking = true;
}

bool
accept_response(Attempt *self)
{
    switch (self->response.status) {
    case 200:
        return accept_whole(self);
    case 206:
        return accept_rest(self);
    case 416:
        if (self->transfer->sink.offset == 0)
            return true;
        return start_over(self) && again(self, "the server has no such part of the file");
    default:
        return true;
    }
}

/* What no length announced must not take the room of everybody else: looked at from time to time.
 */
static bool
leaves_room(Attempt *self, int64_t after)
{
    const Fetch *fetch = self->transfer->fetch;

    if (self->identity.total >= 0 || after / SPACE_STEP == self->transfer->sink.offset / SPACE_STEP)
        return true;
    if (space_is_left(fetch->directory))
        return true;
    return end(self, space_fail(self->transfer->job, fetch->directory, fetch->path, -1));
}

bool
accept_body(Attempt *self, const void *data, size_t length)
{
    int64_t after = self->transfer->sink.offset + (int64_t)length;
    int error;

    if (self->transfer->fetch->size >= 0 && after > self->transfer->fetch->size)
        return wrong_size(self, after, " or more");
    if (is_too_large(self, after) || !leaves_room(self, after))
        return false;
    if (self->identity.total >= 0 && after > self->identity.total)
        return start_over(self) && again(self, "the answer is longer than it says");
    error = sink_append(&self->transfer->sink, data, length);
    if (error == 0)
        return true;
    accept_write_error(self, error);
    return false;
}
