#include "fake-daemon.h"

#include "children.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_KEPT (1024 * 1024)

static const char *runner_path;
char *fake_environment;
gboolean fake_with_parent;

void
fake_init(const char *runner)
{
    runner_path = runner;
    /* What a runner leaves behind becomes our child, so nothing escapes fake_wait(). */
    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1), ==, 0);
}

Packet *
fake_packet(const char *plugin, const char *document)
{
    Packet *start = packet_new(PACKET_START);

    start->job_id = g_strdup("job-1");
    start->operation = g_strdup(plugin);
    start->step = g_strdup("Step one");
    start->document = g_strdup(document);
    start->plugin = g_strdup(plugin);
    return start;
}

/* Away from the small numbers, so that the spawn's dup2 calls do not tread on each other. */
static int
high(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 20);

    g_assert_cmpint(moved, >=, 0);
    close(fd);
    return moved;
}

static void
spawn(Fake *self, int socket, int module, int out, int err)
{
    char *alone[] = {(char *)runner_path, NULL};
    static char shell[] = "/bin/sh", option[] = "-c", script[] = "setsid \"$0\" & wait";
    char *family[] = {shell, option, script, (char *)runner_path, NULL};
    char **argv = fake_with_parent ? family : alone;
    g_autofree char *sanitizer =
        g_strdup("ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0");
    char *envp[] = {sanitizer, fake_environment, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    posix_spawn_file_actions_adddup2(&actions, socket, PACKET_RUNNER_FD);
    posix_spawn_file_actions_adddup2(&actions, module, PACKET_MODULE_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    g_assert_cmpint(posix_spawn(&self->pid, argv[0], &actions, &attributes, argv, envp), ==, 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
}

Fake *
fake_start(const char *directory, Packet *start)
{
    g_autofree char *path = g_strdup_printf("%s/%s.so", directory, start->plugin);
    Fake *self = g_new0(Fake, 1);
    int sockets[2], out[2], err[2];
    int module = open(path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(module, >=, 0);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), ==, 0);
    g_assert_cmpint(pipe2(out, O_CLOEXEC), ==, 0);
    g_assert_cmpint(pipe2(err, O_CLOEXEC), ==, 0);
    module = high(module);
    sockets[1] = high(sockets[1]);
    out[1] = high(out[1]);
    err[1] = high(err[1]);
    self->name = g_strdup(start->plugin);
    self->fd = sockets[0];
    self->pipes[0] = out[0];
    self->pipes[1] = err[0];
    self->packets = g_ptr_array_new_with_free_func((GDestroyNotify)packet_free);
    for (int i = 0; i < 2; i++)
        self->text[i] = g_string_new(NULL);
    spawn(self, sockets[1], module, out[1], err[1]);
    self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
    g_assert_cmpint(self->pidfd, >=, 0);
    close(sockets[1]);
    close(module);
    close(out[1]);
    close(err[1]);
    fake_send(self, start);
    return self;
}

void
fake_send(Fake *self, Packet *packet)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = packet_encode(packet, &error);

    g_assert_no_error(error);
    /* A runner that is gone already shows in what the test expects next. */
    if (send(self->fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), MSG_NOSIGNAL) < 0)
        g_assert_true(errno == EPIPE || errno == ECONNRESET);
    packet_free(packet);
}

void
fake_say(Fake *self, PacketType type)
{
    fake_send(self, packet_new(type));
}

void
fake_go(Fake *self, StartReason reason, const char *state)
{
    Packet *go = packet_new(PACKET_GO);

    go->reason_started = reason;
    go->state = state == NULL ? NULL : g_bytes_new(state, strlen(state));
    fake_send(self, go);
}

static void
read_packet(Fake *self)
{
    static char buffer[PACKET_SIZE_MAX + 1];
    ssize_t length = recv(self->fd, buffer, sizeof buffer, 0);
    g_autoptr(GError) error = NULL;
    Packet *packet;

    if (length <= 0) {
        close(self->fd);
        self->fd = -1;
        return;
    }
    packet = packet_decode(buffer, (gsize)length, PACKET_FROM_RUNNER, &error);
    if (packet != NULL)
        g_ptr_array_add(self->packets, packet);
    else if (self->fault == NULL)
        self->fault = g_strdup(error->message);
}

static void
read_pipe(Fake *self, int which)
{
    static char buffer[65536];
    ssize_t length = read(self->pipes[which], buffer, sizeof buffer);

    if (length <= 0) {
        close(self->pipes[which]);
        self->pipes[which] = -1;
        return;
    }
    self->bytes[which] += (gsize)length;
    if (self->text[which]->len < TEXT_KEPT)
        g_string_append_len(self->text[which], buffer, length);
}

/* Takes whatever comes next. FALSE when the runner and everything it said is at its end. */
static gboolean
turn(Fake *self, gint64 deadline)
{
    struct pollfd fds[] = {{self->fd, POLLIN, 0},
                           {self->pipes[0], POLLIN, 0},
                           {self->pipes[1], POLLIN, 0},
                           {self->exited ? -1 : self->pidfd, POLLIN, 0}};
    gint64 left = (deadline - clock_now()) / 1000;

    if (self->fd < 0 && self->pipes[0] < 0 && self->pipes[1] < 0 && self->exited)
        return FALSE;
    if (left <= 0 || poll(fds, G_N_ELEMENTS(fds), (int)left) <= 0)
        g_error("%s: nothing came within %d s; stderr: %s", self->name, FAKE_DEADLINE_S,
                self->text[1]->str);
    if (fds[0].revents != 0)
        read_packet(self);
    for (int i = 0; i < 2; i++) {
        if (fds[i + 1].revents != 0)
            read_pipe(self, i);
    }
    if (fds[3].revents != 0)
        self->exited = TRUE;
    return TRUE;
}

const Packet *
fake_next(Fake *self, PacketType type)
{
    gint64 deadline = clock_now() + FAKE_DEADLINE_S * G_USEC_PER_SEC;

    for (;;) {
        while (self->next < self->packets->len) {
            const Packet *packet = g_ptr_array_index(self->packets, self->next++);

            if (packet->type == type)
                return packet;
        }
        if (self->fd < 0)
            return NULL;
        turn(self, deadline);
    }
}

const Packet *
fake_expect(Fake *self, PacketType type)
{
    const Packet *packet = fake_next(self, type);

    if (packet == NULL)
        g_error("%s: the runner is gone without a packet %s; fault: %s; stderr: %s", self->name,
                packet_type_name(type), self->fault, self->text[1]->str);
    return packet;
}

guint
fake_count(const Fake *self, PacketType type)
{
    guint count = 0;

    for (guint i = 0; i < self->packets->len; i++)
        count += ((const Packet *)g_ptr_array_index(self->packets, i))->type == type;
    return count;
}

void
fake_wait_exit(Fake *self)
{
    gint64 deadline = clock_now() + FAKE_DEADLINE_S * G_USEC_PER_SEC;

    while (!self->exited)
        turn(self, deadline);
}

static gboolean
kill_stray(pid_t pid, gpointer user_data)
{
    return getsid(pid) != getsid(0) && kill(pid, SIGKILL) == 0;
}

guint
fake_kill_strays(void)
{
    return children_visit(kill_stray, NULL);
}

void
fake_wait(Fake *self, gboolean kill_all)
{
    gint64 deadline = clock_now() + FAKE_DEADLINE_S * G_USEC_PER_SEC;

    if (kill_all) {
        fake_wait_exit(self);
        kill(-self->pid, SIGKILL);
        fake_kill_strays();
    }
    while (turn(self, deadline))
        continue;
    g_assert_cmpint(waitpid(self->pid, &self->status, 0), ==, self->pid);
    alarm(FAKE_DEADLINE_S);
    while (waitpid(-1, NULL, kill_all ? 0 : WNOHANG) > 0)
        continue;
    g_assert_cmpint(errno, ==, ECHILD);
    alarm(0);
    g_assert_cmpint(kill(-self->pid, 0), ==, -1);
    g_assert_cmpint(errno, ==, ESRCH);
}

static const Packet *
last(const Fake *self, PacketType type)
{
    const Packet *found = NULL;

    for (guint i = 0; i < self->packets->len; i++) {
        const Packet *packet = g_ptr_array_index(self->packets, i);

        if (packet->type == type)
            found = packet;
    }
    return found;
}

void
fake_verdict(const Fake *self, gboolean deadline, gboolean cancelled, Verdict *verdict)
{
    const Packet *checked = last(self, PACKET_CHECKED);
    const Packet *result = last(self, PACKET_RESULT);
    const Packet *reason = last(self, PACKET_REASON);
    VerdictInput input = {
        .deadline_passed = deadline,
        .deadline_s = FAKE_DEADLINE_S,
        .cancelled = cancelled,
        .protocol_fault = self->fault,
        .wait_status = self->status,
        .plugin = self->name,
    };

    if (fake_count(self, PACKET_RESULT) > 1)
        input.protocol_fault = "a second result";
    if (result == NULL && checked != NULL && checked->outcome != OUTCOME_SUCCEEDED)
        result = reason = checked;
    input.has_result = result != NULL;
    input.result = result != NULL ? result->outcome : OUTCOME_FAILED;
    input.reason = reason != NULL ? reason->key : NULL;
    input.message = reason != NULL ? reason->text : NULL;
    verdict_decide(&input, verdict);
}

void
fake_free(Fake *self)
{
    if (self->fd >= 0)
        close(self->fd);
    close(self->pidfd);
    for (int i = 0; i < 2; i++) {
        if (self->pipes[i] >= 0)
            close(self->pipes[i]);
        g_string_free(self->text[i], TRUE);
    }
    g_ptr_array_unref(self->packets);
    g_free(self->fault);
    g_free(self->name);
    g_free(self);
}
