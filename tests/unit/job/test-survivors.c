/* Whom a later life of errandd takes for what its step has left, and whom it lets alone. */
#include "survivors.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIRECTORY "/nowhere/private/0"

static pid_t leader;

static void
lead_group(gpointer user_data)
{
    setpgid(0, 0);
}

static void
lead_session(gpointer user_data)
{
    setsid();
}

static void
join_leader(gpointer user_data)
{
    setpgid(0, leader);
}

static pid_t
spawn(GSpawnChildSetupFunc set_up, const char *variable)
{
    const char *const argv[] = {"/bin/sleep", "1000", NULL};
    const char *const environment[] = {variable, NULL};
    g_autoptr(GError) error = NULL;
    GPid pid = 0;

    g_spawn_async(NULL, (char **)argv, (char **)environment, G_SPAWN_DO_NOT_REAP_CHILD, set_up,
                  NULL, &pid, &error);
    g_assert_no_error(error);
    return pid;
}

static gboolean
is_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == pid;
}

static void
end(pid_t pid)
{
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static SurvivorsOf
found(pid_t group)
{
    SurvivorsOf of = {0};

    survivors_note(&of, group);
    g_assert_cmpint(of.session, ==, getsid(group));
    return of;
}

static void
assert_stays(const SurvivorsOf *of, pid_t pid)
{
    g_assert_cmpuint(survivors_end(of, DIRECTORY), ==, 0);
    g_assert_false(is_ended(pid));
}

static void
test_its_group(void)
{
    pid_t pid = spawn(lead_group, "A=B");
    SurvivorsOf of = found(pid);

    g_assert_cmpuint(of.group_start, >, 0);
    g_assert_cmpuint(of.session_start, <=, of.group_start);
    g_assert_cmpuint(survivors_end(&of, DIRECTORY), ==, 0);
    g_assert_true(is_ended(pid));
    g_assert_cmpuint(survivors_start_of(pid), ==, 0);
}

/* As when the runner was killed, and what it had started goes on. */
static void
test_leader_gone(void)
{
    pid_t member;
    SurvivorsOf of;

    leader = spawn(lead_group, "A=B");
    member = spawn(join_leader, "A=B");
    of = found(leader);
    end(leader);
    g_assert_cmpuint(survivors_end(&of, DIRECTORY), ==, 0);
    g_assert_true(is_ended(member));
}

/* The number has gone to somebody who began at another time; or nothing is known of that. */
static void
test_number_used_again(void)
{
    pid_t pid = spawn(lead_group, "A=B");
    const SurvivorsOf right = found(pid);
    SurvivorsOf of = right;

    of.group_start = right.group_start - 1;
    assert_stays(&of, pid);
    of.group_start = 0;
    assert_stays(&of, pid);
    of = right;
    of.session_start = right.session_start + 1;
    assert_stays(&of, pid);
    of.session_start = 0;
    assert_stays(&of, pid);
    of = right;
    of.session = 1;
    of.session_start = survivors_start_of(1);
    assert_stays(&of, pid);
    assert_stays(NULL, pid);
    end(pid);
}

/* What a damaged or forged record may say. None of it kills the test itself. */
static void
test_strange_numbers(void)
{
    static const pid_t groups[] = {0, 1, -1, G_MAXINT};
    pid_t pid = spawn(NULL, "A=B");

    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        SurvivorsOf of = found(getpgrp());

        of.group = groups[i];
        assert_stays(&of, pid);
        of.session = groups[i];
        assert_stays(&of, pid);
    }
    end(pid);
}

static void
test_group_of_the_daemon(void)
{
    pid_t pid = spawn(NULL, "A=B");
    SurvivorsOf of = found(getpgrp());

    assert_stays(&of, pid);
    end(pid);
}

static void
test_marked(void)
{
    pid_t marked = spawn(lead_session, "TMPDIR=" DIRECTORY);
    pid_t longer = spawn(lead_session, "TMPDIR=" DIRECTORY "0");

    g_assert_cmpuint(survivors_end(NULL, DIRECTORY), ==, 0);
    g_assert_true(is_ended(marked));
    g_assert_false(is_ended(longer));
    end(longer);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/survivors/its-group", test_its_group);
    g_test_add_func("/survivors/leader-gone", test_leader_gone);
    g_test_add_func("/survivors/number-used-again", test_number_used_again);
    g_test_add_func("/survivors/strange-numbers", test_strange_numbers);
    g_test_add_func("/survivors/group-of-the-daemon", test_group_of_the_daemon);
    g_test_add_func("/survivors/marked", test_marked);
    return g_test_run();
}
