/* No fault of its own: does what the document says, in this order. All keys are optional.
 *
 *   marker     path: appends a line "START-REASON OPERATION JOB-ID" to that file
 *   load       true: detail "state" becomes the saved state, "none" when there is none
 *   crash      "check" | "start" | "middle" | "end": SIGSEGV at that moment
 *   print      text for stdout; print-error for stderr
 *   refresh    how often to fetch the document again; detail "refreshed" is the new /token or the
 *              errno, each time
 *   critical   true: everything below happens in a critical section
 *   save       text to save as state
 *   progress   number of steps reported, spread over sleep
 *   sleep      milliseconds; a cancel ends it unless deaf is true
 *   early      object of pairs told before the work, on the first start only
 *   linger     milliseconds after the last progress; a cancel ends it
 *   detail     object of pairs
 *   reboot     number of reboots asked for before it goes on (counted in the state)
 *   cleanup    "crash" | "reboot": what knob-tidy does then instead of a success
 *   program    what knob-tidy has a shell do then, before that
 *   outcome    "succeeded" (default) | "failed" | "rejected" | "reboot" | "cancelled" |
 *              "check-rejected"
 *   reason     and
 *   message    for failed and rejected
 */
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *
text(errand_job *job, const char *pointer, const char *fallback)
{
    const char *value = errand_get_string(job, pointer);

    return value != NULL ? value : fallback;
}

static int64_t
number(errand_job *job, const char *pointer)
{
    int64_t value = 0;

    return errand_get_int(job, pointer, &value) == 0 ? value : 0;
}

static int
is_set(errand_job *job, const char *pointer)
{
    int32_t value = 0;

    return errand_get_bool(job, pointer, &value) == 0 && value;
}

static void
crash_at(errand_job *job, const char *moment)
{
    if (strcmp(text(job, "/crash", ""), moment) == 0)
        raise(SIGSEGV);
}

static int
append_marker(errand_job *job)
{
    const char *path = errand_get_string(job, "/marker");
    char line[256];
    int fd, length;
    ssize_t written;

    if (path == NULL)
        return 0;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    length = snprintf(line, sizeof line, "%d %s %s\n", (int)errand_start(job),
                      errand_operation_name(job), errand_job_id(job));
    written = write(fd, line, (size_t)length);
    close(fd);
    return written == length ? 0 : -EIO;
}

static void
tell_state(errand_job *job)
{
    size_t length;
    const void *state = errand_load_state(job, &length);
    char value[ERRAND_STATE_MAX + 1];

    if (!is_set(job, "/load"))
        return;
    snprintf(value, sizeof value, "%.*s", (int)length, state == NULL ? "" : (const char *)state);
    errand_detail(job, "state", state == NULL ? "none" : value);
}

static void
refresh(errand_job *job)
{
    int64_t times = number(job, "/refresh");

    for (int64_t i = 0; i < times; i++) {
        int32_t result = errand_refresh_document(job);
        char value[32];

        snprintf(value, sizeof value, "%d", (int)result);
        errand_detail(job, "refreshed", result == 0 ? text(job, "/token", "none") : value);
    }
}

static int64_t
now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_BOOTTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Nonzero when cancelled. */
static int
wait_ms(errand_job *job, int64_t ms)
{
    struct pollfd cancel = {errand_cancel_fd(job), POLLIN, 0};
    int deaf = is_set(job, "/deaf");
    int64_t end = now_ms() + ms;

    for (int64_t left = ms; left > 0; left = end - now_ms())
        if (poll(&cancel, deaf ? 0 : 1, (int)left) > 0)
            break;
    return !deaf && errand_cancelled(job);
}

/* Nonzero when cancelled. */
static int
work(errand_job *job)
{
    int64_t steps = number(job, "/progress");
    int64_t ms = number(job, "/sleep");

    for (int64_t i = 1; i <= steps; i++) {
        if (wait_ms(job, ms / steps))
            return 1;
        errand_progress(job, (int32_t)(i * 100 / steps), "knob");
    }
    return wait_ms(job, (steps > 0 ? 0 : ms) + number(job, "/linger"));
}

static void
give_details(errand_job *job, const char *object)
{
    const char *key;

    for (int32_t i = 0; (key = errand_get_key(job, object, i)) != NULL; i++) {
        char pointer[160];

        snprintf(pointer, sizeof pointer, "%s/%s", object, key);
        errand_detail(job, key, errand_get_string(job, pointer));
    }
}

/* Nonzero when one more reboot is due; counted in the state. */
static int
reboot_due(errand_job *job)
{
    const char *state = errand_load_state(job, NULL);
    int64_t done = state == NULL || strncmp(state, "reboots=", 8) != 0 ? 0 : state[8] - '0';
    char value[16];

    if (done >= number(job, "/reboot"))
        return 0;
    snprintf(value, sizeof value, "reboots=%d", (int)done + 1);
    return errand_save_state(job, value, strlen(value)) == 0;
}

static int32_t
outcome(errand_job *job)
{
    const char *wanted = text(job, "/outcome", "succeeded");
    const char *reason = text(job, "/reason", "knob-said-so");
    const char *message = text(job, "/message", "the document asked for it");

    if (strcmp(wanted, "succeeded") == 0)
        return ERRAND_SUCCEEDED;
    if (strcmp(wanted, "rejected") == 0)
        return errand_reject(job, reason, "%s", message);
    if (strcmp(wanted, "reboot") == 0)
        return ERRAND_REBOOT;
    if (strcmp(wanted, "cancelled") == 0)
        return ERRAND_CANCELLED;
    return errand_fail(job, reason, "%s", message);
}

static int32_t
check(errand_job *job)
{
    crash_at(job, "check");
    if (strcmp(text(job, "/outcome", ""), "check-rejected") == 0)
        return errand_reject(job, text(job, "/reason", "knob-said-so"), "%s",
                             text(job, "/message", "the document asked for it"));
    return ERRAND_SUCCEEDED;
}

static int32_t
clean_up(errand_job *job)
{
    const char *how = text(job, "/cleanup", "");

    tell_state(job);
    if (errand_get_string(job, "/program") != NULL && system(text(job, "/program", "")) != 0)
        return errand_fail(job, "no-program", "the program failed");
    if (strcmp(how, "crash") == 0)
        raise(SIGSEGV);
    return strcmp(how, "reboot") == 0 ? ERRAND_REBOOT : ERRAND_SUCCEEDED;
}

static int32_t
run(errand_job *job)
{
    const char *state = errand_get_string(job, "/save");
    int critical = is_set(job, "/critical");
    int result = append_marker(job);
    int cancelled;

    if (result < 0)
        return errand_fail(job, "no-marker", "cannot append the marker: %s", strerror(-result));
    if (errand_start(job) == ERRAND_START_CLEANUP)
        return clean_up(job);
    crash_at(job, "start");
    tell_state(job);
    fputs(text(job, "/print", ""), stdout);
    fputs(text(job, "/print-error", ""), stderr);
    refresh(job);
    if (critical)
        errand_critical(job, 1);
    if (state != NULL && (result = errand_save_state(job, state, strlen(state))) < 0)
        return errand_fail(job, "no-state", "cannot save: %s", strerror(-result));
    if (errand_start(job) == ERRAND_START_FIRST)
        give_details(job, "/early");
    crash_at(job, "middle");
    cancelled = work(job);
    if (critical) {
        errand_critical(job, 0);
        cancelled = errand_cancelled(job);
    }
    if (cancelled)
        return ERRAND_CANCELLED;
    give_details(job, "/detail");
    if (reboot_due(job))
        return ERRAND_REBOOT;
    crash_at(job, "end");
    return outcome(job);
}

static const errand_operation operations[] = {
    {"knob", "Does what the document says", 0, 0, check, run},
    {"knob-patient", "The same, and may take eight days", 0, 8 * 24 * 3600, check, run},
    {"knob-resumable", "The same, and may be started again", ERRAND_OP_RESUMABLE, 0, check, run},
    {"knob-tidy", "The same, and cleans up", ERRAND_OP_RESUMABLE | ERRAND_OP_CLEANUP, 0, check,
     run},
};

ERRAND_PLUGIN("knob", "1.0", operations);
