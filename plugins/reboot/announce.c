#include "power.h"

#include "child.h"
#include "setting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Terminals that take no text make `wall` wait; the reboot does not wait for them. */
#define ANNOUNCE_WAIT_MS 5000

/* What a terminal would take for commands becomes a blank: C0 without line ends, DEL, and C1, which
 * is C2 80 to C2 9F in UTF-8. */
static void
blank_controls(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if ((*at < 0x20 && *at != '\n') || *at == 0x7F)
            *at = ' ';
        else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
            at[0] = at[1] = ' ';
    }
}

/* A file with the text, read from its beginning; -1 with errno. By standard input, because `wall`
 * takes an argument that names a file for that file. */
static int
text_file(errand_job *job, const char *message, int64_t seconds)
{
    bool restarts = strcmp(errand_operation_name(job), "reboot") == 0;
    char *text = NULL;
    int fd = memfd_create("message", MFD_CLOEXEC);
    int length = asprintf(&text, "This machine is %s in %d s: %s\n",
                          restarts ? "restarted" : "powered off", (int)seconds, message);

    if (fd < 0 || length < 0) {
        if (fd >= 0)
            close(fd);
        if (length >= 0)
            free(text);
        return -1;
    }
    blank_controls(text);
    if (write(fd, text, (size_t)length) != length || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        fd = -1;
    }
    free(text);
    return fd;
}

/* 0, or an errno value. */
static int
start(char *const *argv, int input, pid_t *pid)
{
    char *const environment[] = {(char[]){"PATH=" CHILD_PATH}, (char[]){"LANG=C.UTF-8"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int code = posix_spawn_file_actions_init(&actions);

    if (code != 0)
        return code;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    code = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (code == 0)
        code = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static void
log_failure(errand_job *job, const char *program, const char *why)
{
    char line[256];

    snprintf(line, sizeof line, "telling the logged-in users with %.100s: %s", program, why);
    errand_log(job, ERRAND_LOG_WARNING, line);
}

/* Until it has ended, been cancelled or had its time; then it is gone. */
static void
await(errand_job *job, const char *program, pid_t pid)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd watched[2] = {{pidfd, POLLIN, 0}, {errand_cancel_fd(job), POLLIN, 0}};
    int ready = poll(watched, 2, ANNOUNCE_WAIT_MS), status = 0;
    bool ended = ready > 0 && watched[0].revents != 0;

    if (!ended)
        kill(pid, SIGKILL);
    if (pidfd >= 0)
        close(pidfd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        log_failure(job, program, "not done in time");
    else if (ended && status != 0)
        log_failure(job, program, "it failed");
}

static void
tell_users(errand_job *job, const char *message, int64_t seconds)
{
    static const char *const standard[] = {"wall", NULL};
    Words argv = {0};
    const char *word;
    int input, code = ENOMEM;
    pid_t pid = -1;

    for (int32_t i = 0; (word = setting_list_item(job, "message-command", standard, i)); i++)
        words_add(&argv, word);
    if (words_ok(&argv) && argv.items != NULL) {
        input = text_file(job, message, seconds);
        if (input >= 0) {
            code = start(argv.items, input, &pid);
            close(input);
        }
        if (code == 0)
            await(job, argv.items[0], pid);
        else if (code != ENOENT || errand_setting(job, "message-command") != NULL)
            log_failure(job, argv.items[0], strerror(code));
    }
    words_clear(&argv);
}

void
power_announce(errand_job *job, int64_t seconds)
{
    const char *message = errand_get_string(job, "/message");

    if (message == NULL || *message == '\0')
        return;
    errand_log(job, ERRAND_LOG_INFO, message);
    tell_users(job, message, seconds);
}
