/* errand-runner: one process for one step of a job. Loads one plugin, asks its check(), waits for
 * the daemon's go, calls its run() and is gone. */
#include "client.h"
#include "host.h"
#include "load.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

G_STATIC_ASSERT((int)OUTCOME_FAILED == ERRAND_FAILED);
G_STATIC_ASSERT((int)OUTCOME_SUCCEEDED == ERRAND_SUCCEEDED);
G_STATIC_ASSERT((int)OUTCOME_REJECTED == ERRAND_REJECTED);
G_STATIC_ASSERT((int)OUTCOME_REBOOT == ERRAND_REBOOT);
G_STATIC_ASSERT((int)OUTCOME_CANCELLED == ERRAND_CANCELLED);
G_STATIC_ASSERT((int)START_FIRST == ERRAND_START_FIRST);
G_STATIC_ASSERT((int)START_REBOOTED == ERRAND_START_REBOOTED);
G_STATIC_ASSERT((int)START_INTERRUPTED == ERRAND_START_INTERRUPTED);
G_STATIC_ASSERT((int)START_CLEANUP == ERRAND_START_CLEANUP);
G_STATIC_ASSERT(PACKET_STATE_MAX == ERRAND_STATE_MAX);

/* Seconds that flushing a plugin's output may take before SIGALRM ends it; the daemon has all it
 * needs by then. */
#define FLUSH_LIMIT_S 2

/* Not exit(): destructors and atexit handlers of a plugin shall not turn a finished job into a
 * hang. */
G_NORETURN static void
leave(int status)
{
    sigset_t alarm_only;

    signal(SIGALRM, SIG_DFL);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(FLUSH_LIMIT_S);
    fflush(stdout);
    fflush(stderr);
    _exit(status);
}

/* The last packet is sent or the status says that it could not be. */
G_NORETURN static void
leave_with(Client *client, const Packet *last)
{
    int result = client_send(client, last);

    if (result < 0)
        fprintf(stderr, "errand-runner: cannot send %s to the daemon: %s\n",
                packet_type_name(last->type), g_strerror(-result));
    leave(result < 0 ? EX_IOERR : EX_OK);
}

G_NORETURN static void
refuse(Client *client, Outcome outcome, const char *word, const char *text)
{
    Packet *checked = packet_new(PACKET_CHECKED);

    checked->outcome = outcome;
    checked->key = g_strdup(word);
    checked->text = g_strdup(text);
    leave_with(client, checked);
}

static gboolean
is_socket(int fd)
{
    socklen_t length = sizeof(int);
    int type = 0;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET;
}

static Client *
connect_daemon(void)
{
    g_autoptr(GError) error = NULL;
    Client *client;

    if (!is_socket(PACKET_RUNNER_FD)) {
        fputs("errand-runner runs one step of a job for errandd, which starts it; it is of no use "
              "by hand. To try a plugin: errandctl run DOCUMENT.json --plugin-dir DIR\n",
              stderr);
        exit(EX_USAGE);
    }
    if (fcntl(PACKET_RUNNER_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(PACKET_MODULE_FD, F_SETFD, FD_CLOEXEC) < 0) {
        fprintf(stderr, "errand-runner: descriptor 3 or 4 is missing: %s\n", g_strerror(errno));
        exit(EX_USAGE);
    }
    client = client_new(PACKET_RUNNER_FD, &error);
    if (client != NULL)
        return client;
    fprintf(stderr, "errand-runner: %s\n", error->message);
    exit(EX_OSERR);
}

static Packet *
receive_start(Client *client)
{
    g_autoptr(GError) error = NULL;
    Packet *start = client_receive(client, &error);

    if (start != NULL && start->type == PACKET_START)
        return start;
    if (start == NULL && error == NULL)
        exit(EX_OK);
    if (start != NULL && start->type == PACKET_QUIT)
        exit(EX_OK);
    fprintf(stderr, "errand-runner: expected a start packet: %s\n",
            start != NULL ? packet_type_name(start->type) : error->message);
    exit(EX_PROTOCOL);
}

static void
enter_sandbox(Client *client, const Packet *start)
{
    g_autoptr(GError) error = NULL;

    if (!sandbox_enter(start, &error)) {
        if (g_error_matches(error, SANDBOX_ERROR, SANDBOX_ERROR_NOT_ALLOWED))
            refuse(client, OUTCOME_REJECTED, "not-allowed", error->message);
        refuse(client, OUTCOME_FAILED, "internal", error->message);
    }
    if (!client_start_reader(client, &error))
        refuse(client, OUTCOME_FAILED, "internal", error->message);
}

static void
load(Client *client, const Packet *start, Loaded *loaded)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Packet) ready = packet_new(PACKET_READY);

    if (!load_module(PACKET_MODULE_FD, start->plugin, start->operation, loaded, &error))
        refuse(client, OUTCOME_FAILED, "internal", error->message);
    close(PACKET_MODULE_FD);
    ready->plugin = g_strdup(loaded->plugin.name);
    ready->version = g_strdup(loaded->plugin.version);
    ready->resumable = (loaded->operation.flags & ERRAND_OP_RESUMABLE) != 0;
    ready->cleanup = (loaded->operation.flags & ERRAND_OP_CLEANUP) != 0;
    ready->timeout_s = MIN(loaded->operation.timeout_s, (guint)G_MAXINT32);
    if (client_send(client, ready) < 0)
        leave(EX_IOERR);
}

/* Makes known outcomes of whatever a plugin returned; the unknown ones get a reason. */
static Outcome
vet_outcome(Host *host, const char *plugin, const char *function, int32_t value, gboolean known)
{
    g_autofree char *text = NULL;

    if (known)
        return (Outcome)value;
    text = g_strdup_printf("plugin %s: %s() returned %d, which no plugin may return there", plugin,
                           function, value);
    host_job(host)->host->reason(host_job(host), "internal", text);
    return OUTCOME_FAILED;
}

static void
check(Client *client, Host *host, const Loaded *loaded, const Packet *start)
{
    g_autoptr(Packet) checked = packet_new(PACKET_CHECKED);
    const errand_operation *operation = &loaded->operation;
    const char *plugin = loaded->plugin.name;
    int32_t value = ERRAND_SUCCEEDED;

    if (operation->check != NULL && !start->goes_on)
        value = operation->check(host_job(host));
    checked->outcome = vet_outcome(host, plugin, "check", value,
                                   value == ERRAND_FAILED || value == ERRAND_SUCCEEDED ||
                                       value == ERRAND_REJECTED);
    if (checked->outcome != OUTCOME_SUCCEEDED) {
        host_reason(host, &checked->key, &checked->text);
        if (checked->key == NULL) {
            checked->key = g_strdup("internal");
            checked->text = g_strdup_printf("the check of plugin %s gave no reason", plugin);
        }
    }
    if (start->check_only || checked->outcome != OUTCOME_SUCCEEDED)
        leave_with(client, checked);
    if (client_send(client, checked) < 0)
        leave(EX_IOERR);
}

G_NORETURN static void
run(Client *client, Host *host, const Loaded *loaded)
{
    g_autoptr(Packet) result = packet_new(PACKET_RESULT);
    g_autoptr(Packet) reason = packet_new(PACKET_REASON);
    int32_t value = loaded->operation.run(host_job(host));

    sandbox_reap(client_cancelled(client));
    result->outcome = vet_outcome(host, loaded->plugin.name, "run", value,
                                  value >= ERRAND_FAILED && value <= ERRAND_CANCELLED);
    host_reason(host, &reason->key, &reason->text);
    if (reason->key != NULL &&
        (result->outcome == OUTCOME_FAILED || result->outcome == OUTCOME_REJECTED))
        client_send(client, reason);
    leave_with(client, result);
}

int
main(void)
{
    Client *client = connect_daemon();
    Packet *start = receive_start(client);
    g_autoptr(GError) error = NULL;
    Loaded loaded;
    Packet *packet;
    Host *host;

    enter_sandbox(client, start);
    load(client, start, &loaded);
    host = host_new(client, start, &error);
    if (host == NULL)
        refuse(client, OUTCOME_REJECTED, "invalid-document", error->message);
    check(client, host, &loaded, start);
    packet = client_wait_go(client);
    if (packet->type != PACKET_GO)
        leave(EX_OK);
    host_begin_run(host, packet);
    run(client, host, &loaded);
}
