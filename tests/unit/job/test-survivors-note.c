/* What a record of an earlier life says of its runner does not stay for the runner of this one. */
#include "survivors.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void
lead_group(gpointer user_data)
{
    setpgid(0, 0);
}

static pid_t
spawn(void)
{
    const char *const argv[] = {"/bin/sleep", "1000", NULL};
    g_autoptr(GError) error = NULL;
    GPid pid = 0;

    g_spawn_async(NULL, (char **)argv, NULL,
                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                      G_SPAWN_STDERR_TO_DEV_NULL,
                  lead_group, NULL, &pid, &error);
    g_assert_no_error(error);
    return pid;
}

/* After a restart of the machine or of a container numbers come in much the same order. */
static void
test_same_number(void)
{
    pid_t pid = spawn();
    SurvivorsOf of = {pid, getsid(0) + 1, survivors_start_of(pid) + 1, 1};

    for (guint i = 0; i < 2; i++) {
        survivors_note(&of, pid);
        g_assert_cmpint(of.group, ==, pid);
        g_assert_cmpint(of.session, ==, getsid(0));
        g_assert_cmpuint(of.group_start, ==, survivors_start_of(pid));
        g_assert_cmpuint(of.session_start, ==, survivors_start_of(getsid(0)));
    }
    g_assert_cmpuint(survivors_end(&of, "/nowhere"), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, WNOHANG), ==, pid);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/survivors-note/same-number", test_same_number);
    return g_test_run();
}
