#include "swupdate-link.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* SWUpdate answers from a thread of its own, also while it installs. */
#define ANSWER_S     5
/* Repeated, in case the first came just before the call began to wait. */
#define ALARM_US     (100 * 1000)
/* How long the library itself waits for a status, below one second because it counts in
 * microseconds of a second. */
#define STATUS_MS    900
/* SWUpdate keeps the last hundred complaints and hands out one with each status. */
#define STATUS_CALLS 256

static void
on_alarm(int number)
{
}

static void
guard_begin(struct sigaction *before)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    const struct itimerval timer = {.it_value = {ANSWER_S, 0}, .it_interval = {0, ALARM_US}};

    sigaction(SIGALRM, &action, before);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void
guard_end(const struct sigaction *before)
{
    const struct itimerval none = {{0, 0}, {0, 0}};
    int error = errno;

    setitimer(ITIMER_REAL, &none, NULL);
    sigaction(SIGALRM, before, NULL);
    errno = error;
}

int64_t
swupdate_link_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
swupdate_link_locate(const char *directory)
{
    const char *set = getenv("TMPDIR");
    char *before = set != NULL ? strdup(set) : NULL;

    setenv("TMPDIR", directory, 1);
    get_ctrl_socket();
    get_prog_socket();
    if (before != NULL)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

/* In a directory that is sticky nobody else can have put the socket there. */
static bool
trusted(const char *path, char *why, size_t size)
{
    struct stat entry;

    if (lstat(path, &entry) != 0)
        snprintf(why, size, "%s: %s", path, strerror(errno));
    else if (!S_ISSOCK(entry.st_mode))
        snprintf(why, size, "%s is not a socket", path);
    else if (entry.st_uid != 0 && entry.st_uid != geteuid())
        snprintf(why, size, "%s belongs to user %u instead of root", path, (unsigned)entry.st_uid);
    else
        return true;
    return false;
}

int
swupdate_link_next(SwupdateProgress *progress)
{
    char *room = (char *)&progress->message;

    if (progress->filled == sizeof progress->message)
        progress->filled = 0;
    while (progress->filled < sizeof progress->message) {
        ssize_t got = recv(progress->fd, room + progress->filled,
                           sizeof progress->message - progress->filled, MSG_DONTWAIT);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (got <= 0)
            return -1;
        progress->filled += (size_t)got;
    }
    return 1;
}

void
swupdate_link_unwatch(SwupdateProgress *progress)
{
    if (progress->fd >= 0)
        close(progress->fd);
    progress->fd = -1;
    progress->filled = 0;
}

/* A complaint begins with "ERROR FILE : FUNCTION : LINE : ", which is for its authors. */
static size_t
skip_origin(const char *text, size_t length)
{
    static const char mark[] = " : ";
    size_t at = 0;

    if (length < 6 || memcmp(text, "ERROR ", 6) != 0)
        return 0;
    for (int i = 0; i < 3; i++) {
        const char *found = memmem(text + at, length - at, mark, sizeof mark - 1);

        if (found == NULL)
            return 0;
        at = (size_t)(found - text) + sizeof mark - 1;
    }
    return at;
}

static void
add_note(SwupdateNotes *notes, const char *text, size_t length)
{
    size_t at = strlen(notes->text);

    if (at > 0 && at + 2 < sizeof notes->text) {
        notes->text[at++] = ';';
        notes->text[at++] = ' ';
    }
    for (size_t i = skip_origin(text, length); i < length && at + 1 < sizeof notes->text; i++)
        notes->text[at++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    notes->text[at] = '\0';
}

/* One answer. A library newer than the headers would write a longer one. */
static bool
ask(ipc_message *answer)
{
    union {
        ipc_message message;
        char room[4 * sizeof(ipc_message)];
    } place;
    struct sigaction before;
    int got;

    guard_begin(&before);
    got = ipc_get_status_timeout(&place.message, STATUS_MS);
    guard_end(&before);
    *answer = place.message;
    return got == (int)sizeof(ipc_message) && answer->magic == IPC_MAGIC && answer->type == ACK;
}

bool
swupdate_link_watch(SwupdateProgress *progress, char *why, size_t size)
{
    struct sigaction before;
    ipc_message answer;

    progress->fd = -1;
    progress->filled = 0;
    if (!trusted(get_ctrl_socket(), why, size) || !trusted(get_prog_socket(), why, size))
        return false;
    /* The library would complain on standard error, each time. */
    if (!ask(&answer)) {
        snprintf(why, size, "%s: nobody answers", get_ctrl_socket());
        return false;
    }
    guard_begin(&before);
    progress->fd = progress_ipc_connect(false);
    guard_end(&before);
    if (progress->fd < 0)
        snprintf(why, size, "%s: %s", get_prog_socket(), strerror(errno));
    return progress->fd >= 0;
}

bool
swupdate_link_status(SwupdateStatus *status, SwupdateNotes *notes)
{
    ipc_message answer;
    char why[128];

    for (int i = 0; i < STATUS_CALLS; i++) {
        const char *text = answer.data.status.desc;
        size_t length;

        if (!trusted(get_ctrl_socket(), why, sizeof why) || !ask(&answer))
            return false;
        length = strnlen(text, sizeof answer.data.status.desc);
        if (length > 0 && answer.data.status.current == FAILURE)
            add_note(notes, text, length);
        /* With a note, `current` is the note's and not SWUpdate's. */
        if (length == 0) {
            status->running = answer.data.status.current != IDLE;
            status->succeeded = answer.data.status.last_result == SUCCESS;
            return true;
        }
    }
    status->running = true;
    status->succeeded = false;
    return true;
}

int
swupdate_link_request(const struct swupdate_request *request)
{
    struct swupdate_request copy = *request;
    struct sigaction before;
    int fd;

    guard_begin(&before);
    fd = ipc_inst_start_ext(&copy, sizeof copy);
    guard_end(&before);
    return fd;
}
