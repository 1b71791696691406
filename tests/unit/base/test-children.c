#include "children.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
is_the_one(pid_t pid, gpointer user_data)
{
    return pid == *(const pid_t *)user_data;
}

static gboolean
remember(pid_t pid, gpointer user_data)
{
    *(pid_t *)user_data = pid;
    return TRUE;
}

static pid_t
spawn(const char *script)
{
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
    GPid pid = -1;

    g_assert_true(
        g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL));
    return pid;
}

static gpointer
spawn_in_thread(gpointer script)
{
    return GINT_TO_POINTER(spawn(script));
}

static void
test_children(void)
{
    pid_t one, other;

    g_assert_cmpuint(children_visit(remember, &one), ==, 0);
    one = spawn("exec sleep 300");
    other = spawn("exec sleep 300");
    g_assert_cmpuint(children_visit(is_the_one, &one), ==, 1);
    g_assert_cmpuint(children_visit(is_the_one, &other), ==, 1);
    kill(one, SIGKILL);
    kill(other, SIGKILL);
    g_assert_cmpint(waitpid(one, NULL, 0), ==, one);
    g_assert_cmpuint(children_visit(is_the_one, &one), ==, 0);
    g_assert_cmpint(waitpid(other, NULL, 0), ==, other);
}

static void
test_of_another_thread(void)
{
    GThread *thread = g_thread_new("spawn", spawn_in_thread, (gpointer) "exec sleep 300");
    pid_t pid = GPOINTER_TO_INT(g_thread_join(thread));

    g_assert_cmpuint(children_visit(is_the_one, &pid), ==, 1);
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void
test_adopted(void)
{
    pid_t parent = spawn("setsid sleep 300 &"), adopted = -1;

    g_assert_cmpint(waitpid(parent, NULL, 0), ==, parent);
    g_assert_cmpuint(children_visit(remember, &adopted), ==, 1);
    g_assert_cmpint(adopted, !=, parent);
    kill(adopted, SIGKILL);
    g_assert_cmpint(waitpid(adopted, NULL, 0), ==, adopted);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1), ==, 0);
    g_test_add_func("/children/own", test_children);
    g_test_add_func("/children/thread", test_of_another_thread);
    g_test_add_func("/children/adopted", test_adopted);
    return g_test_run();
}
