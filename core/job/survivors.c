#include "survivors.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS   200
#define PAUSE_MS 5

/* /proc/PID/stat after the command: the state, group and session; the start, 19 fields on. */
#define STAT_FIELDS "%c %*d %d %d"
#define STAT_START  "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"

typedef struct {
    pid_t group; /* 0: not proved */
    pid_t session;
    char *variable; /* "TMPDIR=..." */
} Wanted;

static char *
read_file(pid_t pid, const char *name, gsize *length)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    char *text = NULL;

    return g_file_get_contents(path, &text, length, NULL) ? text : NULL;
}

static gboolean
has_variable(pid_t pid, const char *variable)
{
    gsize length = 0;
    g_autofree char *text = read_file(pid, "environ", &length);
    const char *end = text ? text + length : NULL;

    /* g_file_get_contents() ends every file with a NUL of its own. */
    for (const char *at = text; at && at < end; at += strlen(at) + 1) {
        if (strcmp(at, variable) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

guint64
survivors_start_of(pid_t pid)
{
    gsize length = 0;
    g_autofree char *text = pid > 0 ? read_file(pid, "stat", &length) : NULL;
    const char *fields = text ? strrchr(text, ')') : NULL;
    unsigned long long start = 0;

    return fields && sscanf(fields + 1, STAT_START " %llu", &start) == 1 ? start : 0;
}

void
survivors_note(SurvivorsOf *of, pid_t group)
{
    static SurvivorsOf noted;

    /* *of alone may be of an earlier life, in which another had the number. */
    if (of->group == group && group == noted.group && of->group_start == noted.group_start &&
        noted.group_start > 0) {
        return;
    }
    if (noted.session_start == 0) {
        noted.session = getsid(0);
        noted.session_start = survivors_start_of(noted.session);
    }
    noted.group = group;
    noted.group_start = survivors_start_of(group);
    *of = noted;
}

static gboolean
is_the_same(pid_t leader, guint64 start)
{
    guint64 now = survivors_start_of(leader);

    return start > 0 && (now == 0 || now == start);
}

static gboolean
is_proved(const SurvivorsOf *of)
{
    return of && of->group > 1 && of->group != getpgrp() &&
           is_the_same(of->group, of->group_start) && is_the_same(of->session, of->session_start);
}

/* FALSE for the dead, and for what has gone meanwhile. */
static gboolean
is_wanted(pid_t pid, const Wanted *wanted)
{
    gsize length = 0;
    g_autofree char *text = read_file(pid, "stat", &length);
    const char *fields = text ? strrchr(text, ')') : NULL;
    char state = 'Z';
    int group = 0;
    int session = 0;

    if (!fields || sscanf(fields + 1, " " STAT_FIELDS, &state, &group, &session) != 3 ||
        state == 'Z' || state == 'X') {
        return FALSE;
    }
    return (wanted->group > 0 && group == wanted->group && session == wanted->session) ||
           has_variable(pid, wanted->variable);
}

/* The descriptor is the process's, whoever has its number a moment later. */
static gboolean
end_one(pid_t pid, const Wanted *wanted)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    gboolean is_there = fd >= 0 && is_wanted(pid, wanted);

    if (is_there) {
        (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_there;
}

static guint
end_all(const Wanted *wanted)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;
    guint count = 0;

    while (processes && (name = g_dir_read_name(processes))) {
        long pid = strtol(name, NULL, 10);

        if (pid > 1 && pid != getpid() && is_wanted((pid_t)pid, wanted)) {
            count += end_one((pid_t)pid, wanted) ? 1 : 0;
        }
    }
    return count;
}

guint
survivors_end(const SurvivorsOf *of, const char *directory)
{
    g_autofree char *variable = g_strconcat("TMPDIR=", directory, NULL);
    const gboolean proved = is_proved(of);
    const Wanted wanted = {proved ? of->group : 0, proved ? of->session : 0, variable};
    guint left = end_all(&wanted);

    /* Again for what they had started before they died, and until they are gone. */
    for (guint i = 0; left > 0 && i < ROUNDS; i++) {
        poll(NULL, 0, PAUSE_MS);
        left = end_all(&wanted);
    }
    return left;
}
