/* Backend `swupdate`: SWUpdate writes the image; programs of the owner know the slots. */
#include "backend.h"

#include "setting.h"
#include "slot-commands.h"
#include "swupdate-request.h"
#include "swupdate-text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Debian's unit has its sockets there. */
#define DIRECTORY  "/tmp"
#define WAIT_MS    (60 * 1000)
#define TIMEOUT_MS (60 * 1000)
/* Times that SWUpdate may accept a request and forget it. */
#define TRIES_MAX  3

typedef struct {
    const char *directory;
    char set[256], mode[256];
    int64_t wait_ms, busy_ms;
    int64_t timeout_ms;
} Settings;

static int32_t
read_settings(errand_job *job, Settings *settings)
{
    const char *directory = setting_text(job, "swupdate-directory");

    *settings = (Settings){.directory = DIRECTORY,
                           .wait_ms = WAIT_MS,
                           .busy_ms = BACKEND_BUSY_MS,
                           .timeout_ms = TIMEOUT_MS};
    if (directory != NULL)
        settings->directory = directory;
    if (*settings->directory != '/' || strlen(settings->directory) > SWUPDATE_DIRECTORY_MAX)
        return errand_reject(job, "internal",
                             "errand.conf: [plugin firmware] swupdate-directory: must be an "
                             "absolute path of at most %d bytes",
                             SWUPDATE_DIRECTORY_MAX);
    if (!swupdate_text_selection(errand_setting(job, "swupdate-selection"), settings->set,
                                 settings->mode, sizeof settings->set))
        return errand_reject(job, "internal",
                             "errand.conf: [plugin firmware] swupdate-selection: must be a "
                             "software set and a running mode, as in stable,main");
    if (setting_duration(job, "firmware", "swupdate-wait", &settings->wait_ms) !=
            ERRAND_SUCCEEDED ||
        setting_duration(job, "firmware", "busy-timeout", &settings->busy_ms) != ERRAND_SUCCEEDED ||
        setting_duration(job, "firmware", "swupdate-timeout", &settings->timeout_ms) !=
            ERRAND_SUCCEEDED)
        return ERRAND_REJECTED;
    return ERRAND_SUCCEEDED;
}

static int32_t
check(errand_job *job)
{
    Settings settings;
    int32_t verdict = read_settings(job, &settings);

    return verdict == ERRAND_SUCCEEDED ? slot_commands_check(job) : verdict;
}

static void
fill_request(errand_job *job, const Settings *settings, bool dry_run, struct swupdate_request *to)
{
    swupdate_prepare_req(to);
    to->source = SOURCE_LOCAL;
    to->dry_run = dry_run ? RUN_DRYRUN : RUN_INSTALL;
    to->disable_store_swu = dry_run;
    snprintf(to->info, sizeof to->info, "errand job %s%s", errand_job_id(job),
             dry_run ? " (verifying)" : "");
    snprintf(to->software_set, sizeof to->software_set, "%s", settings->set);
    snprintf(to->running_mode, sizeof to->running_mode, "%s", settings->mode);
}

static int32_t
report(const SwupdateStream *stream, SwupdateOutcome outcome, const char *image)
{
    errand_job *job = stream->job;
    const char *notes = stream->notes.text;

    switch (outcome) {
    case SWUPDATE_SUCCEEDED:
        return ERRAND_SUCCEEDED;
    case SWUPDATE_CANCELLED:
        return ERRAND_CANCELLED;
    case SWUPDATE_GONE:
        return errand_fail(job, "install-failed",
                           "SWUpdate ended or was stopped in the middle of the update%s%s",
                           *notes != '\0' ? ": " : "", notes);
    case SWUPDATE_SILENT:
        return errand_fail(job, "install-failed",
                           "SWUpdate has given no sign of life for %lld s in the middle of the "
                           "update",
                           (long long)(stream->timeout_ms / 1000));
    case SWUPDATE_NOT_TAKEN:
        return errand_fail(job, "install-failed",
                           "SWUpdate accepted the update %d times and never began it: restart it",
                           TRIES_MAX);
    case SWUPDATE_UNREADABLE:
        return errand_fail(job, "internal", "reading %s: %s", image, strerror(errno));
    case SWUPDATE_FAILED:
        break;
    }
    return errand_fail(job, swupdate_text_reason(notes), "SWUpdate refuses the image: %s",
                       *notes != '\0' ? notes : "it does not say why; see its log");
}

/* Requests and streams, again where the request got lost. */
static int32_t
run_stream(SwupdateStream *stream, const SwupdateRequest *request, const char *image)
{
    SwupdateOutcome outcome = SWUPDATE_NOT_TAKEN;

    for (int i = 0; i < TRIES_MAX && outcome == SWUPDATE_NOT_TAKEN; i++) {
        int32_t verdict = swupdate_request(stream, request);

        if (verdict != ERRAND_SUCCEEDED)
            return verdict;
        if (lseek(stream->image, 0, SEEK_SET) < 0)
            outcome = SWUPDATE_UNREADABLE;
        else
            outcome = swupdate_stream(stream);
        ipc_end(stream->control);
    }
    return report(stream, outcome, image);
}

/* The version is told at the beginning, to those who listen already; the second time we do. */
static int32_t
run_until_heard(SwupdateStream *stream, const SwupdateRequest *request, const char *image)
{
    int32_t verdict = run_stream(stream, request, image);

    if (verdict != ERRAND_SUCCEEDED || !stream->dry_run || stream->begun)
        return verdict;
    return run_stream(stream, request, image);
}

static int32_t
run(errand_job *job, const char *image, bool dry_run, bool again, Image *info)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    SwupdateStream stream = {.job = job, .progress = {.fd = -1}, .dry_run = dry_run};
    SwupdateRequest request = {.patient = again};
    struct sigaction before;
    Settings settings;
    int32_t verdict = read_settings(job, &settings);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    stream.word = dry_run ? "inspect" : "install";
    stream.timeout_ms = settings.timeout_ms;
    request.wait_ms = settings.wait_ms;
    request.busy_ms = settings.busy_ms;
    fill_request(job, &settings, dry_run, &request.request);
    stream.image = open(image, O_RDONLY | O_CLOEXEC);
    if (stream.image < 0)
        return errand_fail(job, "internal", "opening %s: %s", image, strerror(errno));
    swupdate_link_locate(settings.directory);
    sigaction(SIGPIPE, &ignore, &before);
    verdict = run_until_heard(&stream, &request, image);
    sigaction(SIGPIPE, &before, NULL);
    swupdate_link_unwatch(&stream.progress);
    close(stream.image);
    if (info != NULL)
        snprintf(info->version, sizeof info->version, "%s", stream.version);
    return verdict;
}

/* A dry run takes the whole image through everything but the writing: signature, hardware, hashes.
 * What it tells of the version has been verified. */
static int32_t
inspect(errand_job *job, const char *image, Image *info)
{
    *info = (Image){0};
    return run(job, image, true, false, info);
}

/* What an earlier call may have left running is not ours to judge: SWUpdate does not tell which of
 * several updates its last result is of. It is waited for, and the image is installed anew. */
static int32_t
install(errand_job *job, const char *image, bool again)
{
    return run(job, image, false, again, NULL);
}

/* An update that was cut off with its job may be at work still, and would have the last word. */
static int32_t
reject(errand_job *job, const char *slot)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    Settings settings;

    if (read_settings(job, &settings) == ERRAND_SUCCEEDED) {
        swupdate_link_locate(settings.directory);
        sigaction(SIGPIPE, &ignore, &before);
        swupdate_settle(job, settings.busy_ms);
        sigaction(SIGPIPE, &before, NULL);
    }
    return slot_commands_reject(job, slot);
}

const Backend backend_swupdate = {
    .name = "swupdate",
    .check = check,
    .booted = slot_commands_booted,
    .inspect = inspect,
    .install = install,
    .confirm = slot_commands_confirm,
    .reject = reject,
};
