/* The process that errand-runner makes of itself: who it is, where it is, and that it dies with the
 * daemon and takes all of the step along. */
#include "fake-daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *runner;
static const char *zoo;

static void
test_quit_before_go(void)
{
    g_autoptr(Fake) fake = fake_start(zoo, fake_packet("knob", "{}"));

    fake_expect(fake, PACKET_CHECKED);
    fake_say(fake, PACKET_QUIT);
    fake_wait(fake, FALSE);
    g_assert_cmpint(fake->status, ==, 0);
    g_assert_cmpuint(fake_count(fake, PACKET_RESULT), ==, 0);
}

static void
hang_up(Fake *fake)
{
    close(fake->fd);
    fake->fd = -1;
}

static void
test_daemon_dies_before_go(void)
{
    g_autoptr(Fake) fake = fake_start(zoo, fake_packet("knob", "{}"));

    fake_expect(fake, PACKET_CHECKED);
    hang_up(fake);
    fake_wait(fake, FALSE);
    g_assert_cmpint(fake->status, ==, 0);
}

/* The end of the daemon is the end of the whole group: of the runner and of what it started. */
static void
test_daemon_dies(const char *plugin)
{
    g_autoptr(Fake) fake = fake_start(zoo, fake_packet(plugin, "{\"sleep\":600000}"));

    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    if (strcmp(plugin, "family") == 0)
        fake_expect(fake, PACKET_PROGRESS);
    hang_up(fake);
    fake_wait(fake, TRUE);
    g_assert_true(WIFSIGNALED(fake->status));
    g_assert_cmpint(WTERMSIG(fake->status), ==, SIGKILL);
}

static void
test_daemon_dies_while_running(void)
{
    test_daemon_dies("knob");
    test_daemon_dies("family");
    test_daemon_dies("hang-ignoring-term");
}

static void
test_daemon_dies_while_checking(void)
{
    g_autoptr(Fake) fake = fake_start(zoo, fake_packet("check-hangs", "{}"));

    fake_expect(fake, PACKET_READY);
    hang_up(fake);
    fake_wait(fake, TRUE);
    g_assert_cmpint(WTERMSIG(fake->status), ==, SIGKILL);
}

/* Somebody else still holds the daemon's end of the socket, so there is no end of file; the
 * kernel's signal does it. */
static void
test_parent_dies(void)
{
    g_autoptr(Fake) fake = NULL;
    g_autofree char *path = NULL;
    g_autofree char *children = NULL;
    siginfo_t info;
    pid_t pid;
    int status;

    fake_with_parent = TRUE;
    fake = fake_start(zoo, fake_packet("family", "{}"));
    fake_with_parent = FALSE;
    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    fake_expect(fake, PACKET_PROGRESS);
    path = g_strdup_printf("/proc/%d/task/%d/children", (int)fake->pid, (int)fake->pid);
    g_assert_true(g_file_get_contents(path, &children, NULL, NULL));
    pid = (pid_t)g_ascii_strtoll(children, NULL, 10);
    g_assert_cmpint(pid, >, 1);
    alarm(FAKE_DEADLINE_S);
    kill(fake->pid, SIGKILL);
    /* Only when the shell is gone the runner is our child. */
    g_assert_cmpint(waitid(P_PID, (id_t)fake->pid, &info, WEXITED | WNOWAIT), ==, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    alarm(0);
    fake_wait(fake, TRUE);
}

static char *
status_line(pid_t pid, const char *key)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)pid);
    g_autofree char *text = NULL;
    g_autofree char *wanted = g_strdup_printf("\n%s:\t", key);
    const char *at;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strstr(text, wanted);
    g_assert_nonnull(at);
    at += strlen(wanted);
    return g_strndup(at, strcspn(at, "\n"));
}

static void
test_account(void)
{
    Packet *start = fake_packet("knob", "{\"progress\":1,\"deaf\":true,\"crash\":\"none\"}");
    g_autofree char *capabilities = NULL;
    g_autofree char *uid = NULL;
    g_autoptr(Fake) fake = NULL;

    if (geteuid() != 0) {
        g_test_skip("only root can become somebody else");
        packet_free(start);
        return;
    }
    start->account = g_strdup("nobody");
    fake = fake_start(zoo, start);
    fake_expect(fake, PACKET_CHECKED);
    uid = status_line(fake->pid, "Uid");
    capabilities = status_line(fake->pid, "CapEff");
    g_assert_cmpstr(uid, ==, "65534\t65534\t65534\t65534");
    g_assert_cmpstr(capabilities, ==, "0000000000000000");
    fake_go(fake, START_FIRST, NULL);
    g_assert_cmpint(fake_expect(fake, PACKET_RESULT)->outcome, ==, OUTCOME_SUCCEEDED);
    fake_wait(fake, FALSE);
}

/* Root's runner must undo it; others may not lower it. */
static void
set_oom_score(const char *score)
{
    FILE *file = fopen("/proc/self/oom_score_adj", "w");

    g_assert_nonnull(file);
    g_assert_cmpint(fputs(score, file), >=, 0);
    g_assert_cmpint(fclose(file), ==, 0);
}

static void
test_place(void)
{
    g_autofree char *directory = g_dir_make_tmp("errand-runner-XXXXXX", NULL);
    Packet *start = fake_packet("knob", "{}");
    g_autoptr(Fake) fake = NULL;
    g_autofree char *link = NULL;
    g_autofree char *cwd = NULL;
    g_autofree char *umask_line = NULL;
    g_autofree char *score_path = NULL;
    g_autofree char *score = NULL;

    set_oom_score(geteuid() == 0 ? "300" : "0");
    start->private_directory = g_strdup(directory);
    fake = fake_start(zoo, start);
    fake_expect(fake, PACKET_CHECKED);
    link = g_strdup_printf("/proc/%d/cwd", (int)fake->pid);
    cwd = g_file_read_link(link, NULL);
    g_assert_cmpstr(cwd, ==, directory);
    umask_line = status_line(fake->pid, "Umask");
    g_assert_cmpstr(umask_line, ==, "0077");
    score_path = g_strdup_printf("/proc/%d/oom_score_adj", (int)fake->pid);
    g_assert_true(g_file_get_contents(score_path, &score, NULL, NULL));
    g_assert_cmpstr(score, ==, "0\n");
    fake_say(fake, PACKET_QUIT);
    fake_wait(fake, FALSE);
    g_assert_cmpint(rmdir(directory), ==, 0);
}

static void
test_unknown_account(void)
{
    Packet *start = fake_packet("knob", "{}");
    g_autoptr(Fake) fake = NULL;
    const Packet *checked;

    if (geteuid() != 0) {
        g_test_skip("only root can become somebody else");
        packet_free(start);
        return;
    }
    start->account = g_strdup("no-such-account");
    fake = fake_start(zoo, start);
    checked = fake_expect(fake, PACKET_CHECKED);
    g_assert_cmpint(checked->outcome, ==, OUTCOME_REJECTED);
    g_assert_cmpstr(checked->key, ==, "not-allowed");
    g_assert_nonnull(strstr(checked->text, "no-such-account"));
    g_assert_cmpuint(fake_count(fake, PACKET_READY), ==, 0);
    fake_wait(fake, FALSE);
}

static void
test_no_directory(void)
{
    Packet *start = fake_packet("knob", "{}");
    g_autoptr(Fake) fake = NULL;
    const Packet *checked;

    start->private_directory = g_strdup("/nonexistent/private");
    fake = fake_start(zoo, start);
    checked = fake_expect(fake, PACKET_CHECKED);
    g_assert_cmpint(checked->outcome, ==, OUTCOME_FAILED);
    g_assert_nonnull(strstr(checked->text, "/nonexistent/private"));
    fake_wait(fake, FALSE);
}

static void
test_by_hand(void)
{
    char *argv[] = {(char *)runner, NULL};
    g_autofree char *text = NULL;
    int status = 0;

    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                               &text, &status, NULL));
    g_assert_cmpint(WEXITSTATUS(status), ==, 64);
    g_assert_nonnull(strstr(text, "errandd"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    fake_init(runner = argv[1]);
    zoo = argv[2];
    g_test_add_func("/process/quit", test_quit_before_go);
    g_test_add_func("/process/daemon-dies-before-go", test_daemon_dies_before_go);
    g_test_add_func("/process/daemon-dies", test_daemon_dies_while_running);
    g_test_add_func("/process/daemon-dies-in-check", test_daemon_dies_while_checking);
    g_test_add_func("/process/parent-dies", test_parent_dies);
    g_test_add_func("/process/place", test_place);
    g_test_add_func("/process/account", test_account);
    g_test_add_func("/process/unknown-account", test_unknown_account);
    g_test_add_func("/process/no-directory", test_no_directory);
    g_test_add_func("/process/by-hand", test_by_hand);
    return g_test_run();
}
