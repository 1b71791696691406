#include "stream.h"

#include "budget.h"
#include "fault.h"
#include "part.h"
#include "pause.h"
#include "space.h"
#include "stream-fault.h"
#include "stream-state.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* State is saved after so many blocks, but not more often than that; and after so long in any
 * case. */
#define SAVE_BLOCKS     64
#define SAVE_MS         1000
#define SAVE_ANYWAY_MS  5000
#define STREAM_NAME_MAX 128
/* Looks for the link come after growing pauses, but not longer ones than after so many tries. */
#define OFFLINE_PAUSES  3

typedef enum {
    FOUND, /* go on */
    AGAIN, /* it changed: describe it again */
    ENDED, /* there is a verdict */
} Outcome;

typedef struct {
    Transfer *transfer;
    StreamState state;
    int32_t write_error; /* of the last call, a negative errno value */
    int tries;           /* in a row, without progress */
    int64_t since_ms;    /* of the last progress */
    int offline;         /* times in a row that there was no link */
    bool changed;        /* it has started over because the stream had */
    uint32_t unsaved;    /* blocks */
    int64_t saved_ms;
    int32_t verdict;
} Stream;

int32_t
stream_check(errand_job *job, const Fetch *fetch)
{
    size_t length =
        strspn(fetch->stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    if (length < 1 || length > STREAM_NAME_MAX || fetch->stream[length] != '\0')
        return errand_reject(job, "invalid-document",
                             "the name of a stream has 1 to %d characters of [A-Za-z0-9_-]",
                             STREAM_NAME_MAX);
    if (fetch->stream_file < 0 || fetch->stream_file > 255)
        return errand_reject(job, "invalid-document", "the file of a stream is 0 to 255");
    return ERRAND_SUCCEEDED;
}

static Outcome
end(Stream *self, int32_t verdict)
{
    self->verdict = verdict;
    return ENDED;
}

static Outcome
fail_file(Stream *self, const char *what, int error)
{
    return end(self, fault_fail(self->transfer->job, self->transfer->fetch->path, what, -error));
}

/* ---- Failures of the service ---- */

/* The limits of time and bytes, which hold whatever it is that fails. */
static Outcome
keep_budget(Stream *self)
{
    int32_t verdict = budget_check(self->transfer, self->state.size);

    return verdict == ERRAND_SUCCEEDED ? FOUND : end(self, verdict);
}

static Outcome
pause_then_go_on(Stream *self, int tries)
{
    if (keep_budget(self) == ENDED)
        return ENDED;
    if (pause_before_retry(self->transfer, tries, 0, self->state.size))
        return keep_budget(self);
    return end(self, ERRAND_CANCELLED);
}

/* Not a fault of the stream: only time counts. */
static Outcome
wait_for_link(Stream *self)
{
    Transfer *transfer = self->transfer;
    int64_t idle_ms = transfer_now_ms() - self->since_ms;

    if (idle_ms > transfer->settings.patience_ms)
        return end(self, errand_fail(transfer->job, "download-failed",
                                     "%s: gave up after %lld s without progress: the gateway is "
                                     "offline",
                                     transfer->name, (long long)idle_ms / 1000));
    if (self->offline == 0)
        errand_log(transfer->job, ERRAND_LOG_INFO,
                   "the gateway is offline: the stream goes on when it is back");
    if (self->offline < OFFLINE_PAUSES)
        self->offline++;
    return pause_then_go_on(self, self->offline);
}

/* What may pass is tried again, with pauses. */
static Outcome
retry(Stream *self, const char *why)
{
    Transfer *transfer = self->transfer;
    const Settings *settings = &transfer->settings;
    int64_t idle_ms = transfer_now_ms() - self->since_ms;
    char text[SOURCE_NAME_SIZE + 256];

    self->tries++;
    if (self->tries >= settings->tries || idle_ms > settings->patience_ms)
        return end(self, errand_fail(transfer->job, "download-failed",
                                     "%s: gave up after %d tries and %lld s without progress: %s",
                                     transfer->name, self->tries, (long long)idle_ms / 1000, why));
    snprintf(text, sizeof text, "%s: %s; trying again", transfer->name, why);
    errand_log(transfer->job, ERRAND_LOG_INFO, text);
    return pause_then_go_on(self, self->tries);
}

static Outcome
failed(Stream *self, int32_t error)
{
    const Transfer *transfer = self->transfer;

    if (error == -ECANCELED)
        return end(self, ERRAND_CANCELLED);
    if (error == -ENETDOWN)
        return wait_for_link(self);
    self->offline = 0;
    if (error == -ESTALE && !self->changed) {
        self->changed = true;
        errand_log(transfer->job, ERRAND_LOG_INFO, "the stream has changed: starting over");
        return AGAIN;
    }
    if (error == -ESTALE)
        return end(self, errand_fail(transfer->job, "download-failed",
                                     "%s: it changed again while it was fetched", transfer->name));
    if (error == -ENOENT || error == -ENOTSUP || error == -EINVAL)
        return end(self, errand_fail(transfer->job, "download-failed", "%s: %s", transfer->name,
                                     stream_fault_text(error)));
    if (error == -EACCES)
        return end(self, errand_fail(transfer->job, "not-allowed", "%s: %s", transfer->name,
                                     stream_fault_text(error)));
    return retry(self, stream_fault_text(error));
}

/* ---- What is to be fetched ---- */

static Outcome
accept_file(Stream *self, const errand_stream_file *found, bool has_state)
{
    Transfer *transfer = self->transfer;
    const Fetch *fetch = transfer->fetch;
    StreamState *state = &self->state;
    uint32_t block_size = (uint32_t)transfer->settings.stream_block_size;

    if (fetch->size >= 0 && found->size != fetch->size)
        return end(self, transfer_wrong_size(transfer, found->size, ""));
    if (found->size > (int64_t)STREAM_STATE_BLOCKS_MAX * block_size)
        return end(self, errand_fail(transfer->job, "download-failed",
                                     "%s has %lld bytes, which are more than %d blocks of %u "
                                     "(errand.conf: [plugin %s] stream-block-size)",
                                     transfer->name, (long long)found->size,
                                     STREAM_STATE_BLOCKS_MAX, block_size, fetch->plugin));
    if (!has_state || state->stream_version != found->version || state->size != found->size)
        stream_state_begin(state, found->version, found->size, block_size);
    return FOUND;
}

static Outcome
describe(Stream *self, bool has_state)
{
    Transfer *transfer = self->transfer;
    const Fetch *fetch = transfer->fetch;
    Outcome outcome = FOUND;

    while (outcome == FOUND) {
        errand_stream_file found = {.struct_size = sizeof found};
        int32_t result = errand_stream_describe(transfer->job, fetch->stream,
                                                (int32_t)transfer->settings.stream_format,
                                                fetch->stream_file, &found);

        if (result == 0)
            return accept_file(self, &found, has_state);
        outcome = failed(self, result);
    }
    return outcome == AGAIN ? describe(self, false) : outcome;
}

/* The file of an earlier run, if the state tells what is in it; otherwise a new one. */
static Outcome
open_part(Stream *self, bool resume)
{
    Transfer *transfer = self->transfer;
    StreamState *state = &self->state;
    int32_t verdict;

    if (transfer->fd < 0 && resume)
        transfer->fd = part_reopen(transfer->fetch);
    transfer->resumed = resume && transfer->fd >= 0 && state->left < state->blocks;
    if (!transfer->resumed)
        stream_state_begin(state, state->stream_version, state->size, state->block_size);
    verdict = space_check(transfer->job, transfer->fetch->directory, transfer->fetch->path,
                          state->size - stream_state_have(state));
    if (verdict != ERRAND_SUCCEEDED)
        return end(self, verdict);
    if (transfer->fd < 0)
        transfer->fd = part_create(transfer->job, transfer->fetch);
    if (transfer->fd < 0)
        return fail_file(self, "creating a file beside it", transfer->fd);
    if (!transfer->resumed && ftruncate(transfer->fd, 0) != 0)
        return fail_file(self, "emptying the part file", -errno);
    if (ftruncate(transfer->fd, state->size) != 0)
        return fail_file(self, "making it as long as it will be", -errno);
    return FOUND;
}

/* ---- Blocks ---- */

static int32_t
on_block(void *data, uint32_t index, const void *bytes, uint32_t length)
{
    Stream *self = data;
    Transfer *transfer = self->transfer;

    if (!stream_state_is_missing(&self->state, index))
        return 0;
    self->write_error =
        part_write(transfer->fd, bytes, length, (int64_t)index * self->state.block_size);
    if (self->write_error != 0)
        return self->write_error;
    stream_state_take(&self->state, index);
    self->unsaved++;
    self->tries = 0;
    self->since_ms = transfer_now_ms();
    transfer->fetched += length;
    transfer->sink.offset = stream_state_have(&self->state);
    transfer_report(transfer, "downloading", self->state.size);
    return 0;
}

/* The state must not promise what a power cut could take. */
static Outcome
save(Stream *self)
{
    int64_t since_ms = transfer_now_ms() - self->saved_ms;

    if (self->unsaved == 0 || since_ms < (self->unsaved >= SAVE_BLOCKS ? SAVE_MS : SAVE_ANYWAY_MS))
        return FOUND;
    self->saved_ms = transfer_now_ms();
    if (fdatasync(self->transfer->fd) != 0)
        return end(self, transfer_write_failed(self->transfer, -errno, self->state.size));
    if (stream_state_save(self->transfer, &self->state) == 0)
        self->unsaved = 0;
    return FOUND;
}

/* The owner's limit: after so many bytes, their time has to pass. */
static Outcome
keep_rate(Stream *self, int64_t bytes)
{
    int64_t limit = self->transfer->settings.rate_limit;

    if (limit <= 0 ||
        pause_for(self->transfer, bytes * 1000 / limit, "downloading", self->state.size))
        return FOUND;
    return end(self, ERRAND_CANCELLED);
}

/* One request, and what comes of it. */
static Outcome
get(Stream *self)
{
    Transfer *transfer = self->transfer;
    StreamState *state = &self->state;
    int64_t before = transfer->fetched;
    errand_stream_request request = {
        .struct_size = sizeof request,
        .format = (int32_t)transfer->settings.stream_format,
        .stream = transfer->fetch->stream,
        .file = transfer->fetch->stream_file,
        .version = state->stream_version,
        .size = state->size,
        .block_size = state->block_size,
        .wanted = state->missing,
        .wanted_size = (state->blocks + 7) / 8,
        .block = on_block,
        .data = self,
    };
    int32_t result = errand_stream_get(transfer->job, &request);

    if (self->write_error != 0)
        return end(self, transfer_write_failed(transfer, self->write_error, state->size));
    if (result < 0)
        return failed(self, result);
    if (transfer->fetched == before)
        return retry(self, "no block has come");
    self->offline = 0;
    if (keep_budget(self) == ENDED)
        return ENDED;
    return keep_rate(self, transfer->fetched - before);
}

/* ---- All of it ---- */

/* Reads the file once, for the checksum. */
static Outcome
verify(Stream *self)
{
    Transfer *transfer = self->transfer;
    bool again;

    transfer_close(transfer);
    self->verdict = transfer_reread(transfer);
    if (self->verdict != ERRAND_SUCCEEDED)
        return ENDED;
    self->verdict = transfer_verify(transfer, &again);
    if (!again)
        return ENDED;
    transfer_close(transfer);
    return AGAIN;
}

static Outcome
fetch_once(Stream *self, bool has_state)
{
    Outcome outcome = describe(self, has_state);

    if (outcome == FOUND)
        outcome = open_part(self, has_state);
    if (outcome == FOUND)
        self->transfer->sink.offset = stream_state_have(&self->state);
    while (outcome == FOUND && self->state.left > 0) {
        outcome = get(self);
        if (outcome == FOUND)
            outcome = save(self);
    }
    return outcome == FOUND ? verify(self) : outcome;
}

int32_t
stream_fetch(Transfer *transfer)
{
    Stream self = {.transfer = transfer,
                   .since_ms = transfer_now_ms(),
                   .saved_ms = transfer_now_ms(),
                   .verdict = ERRAND_FAILED};
    bool has_state = errand_start(transfer->job) != ERRAND_START_FIRST &&
                     stream_state_load(transfer, &self.state);

    snprintf(transfer->name, sizeof transfer->name, "stream %s, file %d", transfer->fetch->stream,
             (int)transfer->fetch->stream_file);
    while (fetch_once(&self, has_state) == AGAIN)
        has_state = false;
    return self.verdict;
}
