/* Child processes of plugins, through plugin shell: account, descriptors, ends, cancels. */
#include "fake-host.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_results(void)
{
    g_autoptr(FakeHost) exits = fake_host_new("shell", "shell", "{'command':['sh','-c','exit 7']}");
    g_autoptr(FakeHost) dies =
        fake_host_new("shell", "shell", "{'command':['sh','-c','kill -9 $$']}");
    g_autoptr(FakeHost) lost =
        fake_host_new("shell", "shell", "{'command':['true'],'directory':'/no/such/place'}");
    g_autoptr(FakeHost) file =
        fake_host_new("shell", "shell", "{'command':['true'],'directory':'/etc/passwd'}");

    fake_host_assert(exits, fake_host_run(exits), ERRAND_FAILED, "exit-status");
    g_assert_cmpstr(fake_host_detail(exits, "exitCode"), ==, "7");
    fake_host_assert(dies, fake_host_run(dies), ERRAND_FAILED, "killed");
    g_assert_cmpstr(fake_host_detail(dies, "signal"), ==, "SIGKILL");
    fake_host_assert(lost, fake_host_run(lost), ERRAND_FAILED, "not-found");
    fake_host_assert(file, fake_host_run(file), ERRAND_FAILED, "not-found");
    g_assert_nonnull(strstr(lost->message, "/no/such/place"));
}

static void
test_child(void)
{
    g_autoptr(FakeHost) host = fake_host_new(
        "shell", "shell",
        "{'command':['sh','-c','ls /proc/self/fd | tr \\\\\\\\n \\\\ ; readlink /proc/self/fd/0; "
        "umask; pwd; grep SigBlk /proc/self/status; grep SigIgn /proc/self/status']}");
    int leak = open("/etc/passwd", O_RDONLY);
    mode_t mask = umask(077);
    sigset_t blocked;

    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    signal(SIGUSR1, SIG_DFL);
    umask(mask);
    close(leak);
    /* ls itself holds 3, the directory. */
    g_assert_cmpstr(host->output, ==,
                    "0 1 2 3 /dev/null\n0022\n/\nSigBlk:\t0000000000000000\n"
                    "SigIgn:\t0000000000000000\n");
}

/* The step ends with the child although its own child lives on and holds the pipe. */
static void
test_grandchild(void)
{
    g_autoptr(FakeHost) host =
        fake_host_new("shell", "shell", "{'command':['sh','-c','sleep 300 & echo $!']}");
    gint64 start = g_get_monotonic_time();
    int pid;

    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
    pid = atoi(host->output);
    g_assert_cmpint(pid, >, 1);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
}

typedef struct {
    FakeHost *host;
    char *fifo;
} Canceller;

static gpointer
cancel_when_ready(gpointer data)
{
    Canceller *canceller = data;
    int fd = open(canceller->fifo, O_RDONLY);
    char byte;

    g_assert_cmpint(read(fd, &byte, 1), ==, 1);
    close(fd);
    fake_host_cancel(canceller->host);
    return NULL;
}

/* Runs `script` (which writes to $FIFO once it is up) and cancels it then. Microseconds it took. */
static gint64
run_and_cancel(const char *script)
{
    g_autofree char *directory = g_dir_make_tmp("errand-shell-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(directory, "fifo", NULL);
    g_autofree char *document =
        g_strdup_printf("{'command':['sh','-c','%s'],'environment':{'FIFO':'%s'}}", script, fifo);
    g_autoptr(FakeHost) host = fake_host_new("shell", "shell", document);
    Canceller canceller = {host, fifo};
    gint64 start = g_get_monotonic_time();
    GThread *thread;

    g_assert_cmpint(chmod(directory, 0755), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0666), ==, 0);
    g_assert_cmpint(chmod(fifo, 0666), ==, 0);
    thread = g_thread_new("cancel", cancel_when_ready, &canceller);
    fake_host_assert(host, fake_host_run(host), ERRAND_CANCELLED, NULL);
    g_thread_join(thread);
    g_assert_cmpint(fake_host_count_children(), ==, 0);
    g_unlink(fifo);
    g_rmdir(directory);
    return g_get_monotonic_time() - start;
}

static void
test_cancel(void)
{
    gint64 taken = run_and_cancel("sleep 300 & setsid sleep 300 & echo > $FIFO; sleep 300");

    g_assert_cmpint(taken, <, 5 * G_USEC_PER_SEC);
}

/* What is started only when the others are told to end is told, too. */
static void
test_cancel_latecomer(void)
{
    gint64 taken = run_and_cancel(
        "late() { sleep 300 & exit; }; trap late TERM; sleep 300 & echo > $FIFO; wait");

    g_assert_cmpint(taken, <, 5 * G_USEC_PER_SEC);
}

static void
test_cancel_stubborn(void)
{
    gint64 taken =
        run_and_cancel("trap : TERM; (trap : TERM; while :; do sleep 1; done) & echo > $FIFO; "
                       "while :; do sleep 1; done");

    g_assert_cmpint(taken, <, 20 * G_USEC_PER_SEC);
}

static void
test_users(void)
{
    static const struct {
        const char *user, *users, *default_user, *word, *output;
    } cases[] = {
        {NULL, NULL, NULL, NULL, "nobody\n"},
        {"", NULL, NULL, NULL, "nobody\n"},
        {NULL, NULL, "daemon", NULL, "daemon\n"},
        {NULL, "", "daemon", NULL, "daemon\n"},
        {"daemon", "*", NULL, NULL, "daemon\n"},
        {"daemon", "games;daemon", NULL, NULL, "daemon\n"},
        {"root", NULL, NULL, NULL, "root\n"},
        {"root", "daemon", NULL, "not-allowed", NULL},
        {"0", "*", NULL, "not-found", NULL},
        {"no-such-user", "*", NULL, "not-found", NULL},
        {"no-such-user", "daemon", NULL, "not-allowed", NULL},
        {NULL, NULL, "no-such-user", "not-found", NULL},
    };

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = fake_host_new("shell", "runCommand", "{'command':'id,-un'}");

        host->user = g_strdup(cases[i].user);
        if (cases[i].users != NULL)
            fake_host_set(host, "users", cases[i].users);
        if (cases[i].default_user != NULL)
            fake_host_set(host, "default-user", cases[i].default_user);
        fake_host_assert(host, fake_host_run(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
        if (cases[i].output != NULL)
            g_assert_cmpstr(host->output, ==, cases[i].output);
    }
}

static void
test_switch(void)
{
    g_autoptr(FakeHost) host =
        fake_host_new("shell", "shell",
                      "{'command':['sh','-c','id -u; id -g; id -G; grep -E "
                      "\\\\^Cap[^B] /proc/self/status; grep -E ^Uid /proc/self/status']}");
    gid_t extra[] = {4, 27};

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    g_assert_cmpint(setgroups(2, extra), ==, 0);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpint(setgroups(0, NULL), ==, 0);
    g_assert_cmpstr(host->output, ==,
                    "65534\n65534\n65534\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
                    "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n"
                    "Uid:\t65534\t65534\t65534\t65534\n");
}

/* Without root errand's own account is the only one. */
static void
test_not_root(void)
{
    g_autoptr(FakeHost) own = fake_host_new("shell", "runCommand", "{'command':'id,-un'}");
    g_autoptr(FakeHost) named = fake_host_new("shell", "runCommand", "{'command':'id,-un'}");
    g_autoptr(FakeHost) other = fake_host_new("shell", "runCommand", "{'command':'id,-un'}");
    int own_result, named_result, other_result;

    if (geteuid() != 0) {
        g_test_skip("written for root");
        return;
    }
    named->user = g_strdup("nobody");
    other->user = g_strdup("root");
    g_assert_cmpint(seteuid(65534), ==, 0);
    own_result = fake_host_check(own);
    named_result = fake_host_check(named);
    other_result = fake_host_check(other);
    g_assert_cmpint(seteuid(0), ==, 0);
    fake_host_assert(own, own_result, ERRAND_SUCCEEDED, NULL);
    fake_host_assert(named, named_result, ERRAND_SUCCEEDED, NULL);
    fake_host_assert(other, other_result, ERRAND_REJECTED, "not-allowed");
    g_assert_nonnull(strstr(other->message, "cannot become \"root\""));
}

/* An account may not be able to start what its document names: no falling back. */
static void
test_not_executable(void)
{
    g_autofree char *directory = g_dir_make_tmp("errand-shell-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "mine", NULL);
    g_autofree char *document = g_strdup_printf("{'command':['%s']}", path);
    g_autoptr(FakeHost) host = fake_host_new("shell", "shell", document);

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    g_assert_true(g_file_set_contents(path, "#!/bin/sh\n", -1, NULL));
    g_assert_cmpint(chmod(path, 0700), ==, 0);
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-allowed");
    g_unlink(path);
    g_rmdir(directory);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/results", test_results);
    g_test_add_func("/child/child", test_child);
    g_test_add_func("/child/grandchild", test_grandchild);
    g_test_add_func("/child/cancel", test_cancel);
    g_test_add_func("/child/cancel-latecomer", test_cancel_latecomer);
    g_test_add_func("/child/cancel-stubborn", test_cancel_stubborn);
    g_test_add_func("/child/users", test_users);
    g_test_add_func("/child/switch", test_switch);
    g_test_add_func("/child/not-root", test_not_root);
    g_test_add_func("/child/not-executable", test_not_executable);
    return g_test_run();
}
