/* Real children: what they inherit, how their end is heard, what is kept of their output. */
#include "child.h"
#include "output-tail.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    OutputTail *tail;
    gboolean closed;
    gboolean ended;
    int status;
} World;

static void
on_closed(OutputTail *tail, gpointer data)
{
    ((World *)data)->closed = TRUE;
}

static void
on_ended(Child *child, gpointer data)
{
    World *world = data;

    world->ended = TRUE;
    world->status = child_reap(child);
}

static gboolean
on_impatience(gpointer data)
{
    g_assert_not_reached();
    return G_SOURCE_REMOVE;
}

/* Runs a shell line with its output in a tail. */
static void
run(World *world, const char *line)
{
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    const char *const environment[] = {"A=b", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(Child) child = NULL;
    guint timer = g_timeout_add_seconds(30, on_impatience, NULL);
    int out = -1;

    world->tail = output_tail_new("job", "stdout", &out, on_closed, world, &error);
    g_assert_no_error(error);
    child =
        child_spawn(&(const ChildSpec){argv, environment, (const int[]){-1, out, out, -1, -1}, 5},
                    on_ended, world, &error);
    g_assert_no_error(error);
    close(out);
    while (!world->ended || !world->closed) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

static void
test_nothing_is_inherited(void)
{
    World world = {0};
    sigset_t set;
    sigset_t before;
    int leak = dup(1);
    g_autofree char *text = NULL;

    g_assert_cmpint(leak, >=, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    signal(SIGUSR2, SIG_IGN);
    run(&world, "pwd; tr '\\0' ' ' </proc/$$/environ; ls /proc/$$/fd; "
                "grep SigBlk /proc/self/status; "
                /* without signals 32 and 33, which belong to the C library */
                "grep SigIgn /proc/self/status | tail -c 8; "
                "test $$ = $(cut -d' ' -f5 /proc/$$/stat) && echo leader");
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR2, SIG_DFL);
    close(leak);
    text = output_tail_text(world.tail);
    g_assert_cmpstr(text, ==,
                    "/ | A=b 0 | 1 | 2 | 3 | 4 | SigBlk: 0000000000000000 | 0000000 | leader");
    output_tail_free(world.tail);
}

static void
test_status(void)
{
    World world = {0};

    run(&world, "exit 7");
    g_assert_true(WIFEXITED(world.status));
    g_assert_cmpint(WEXITSTATUS(world.status), ==, 7);
    g_assert_null(output_tail_text(world.tail));
    output_tail_free(world.tail);
    world = (World){0};
    run(&world, "kill -KILL $$");
    g_assert_true(WIFSIGNALED(world.status));
    output_tail_free(world.tail);
}

static void
test_missing_program(void)
{
    const char *const argv[] = {"/nonexistent/program", NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(child_spawn(&(const ChildSpec){argv, NULL, (const int[]){-1, -1, -1}, 3},
                              on_ended, NULL, &error));
    g_assert_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "/nonexistent/program"));
}

static void
test_freeing_kills_the_group(void)
{
    const char *const argv[] = {"/bin/sh", "-c", "sleep 300 & sleep 300", NULL};
    g_autoptr(GError) error = NULL;
    World world = {0};
    char byte;
    int ends[2];
    Child *child;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    child = child_spawn(&(const ChildSpec){argv, NULL, (const int[]){-1, ends[1], -1}, 3}, on_ended,
                        &world, &error);
    g_assert_no_error(error);
    close(ends[1]);
    child_free(child);
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 0);
    close(ends[0]);
    g_assert_false(world.ended);
}

static void
test_the_end_of_the_output_is_kept(void)
{
    World world = {0};
    g_autofree char *text = NULL;

    run(&world, "head -c 3000000 /dev/zero | tr '\\0' 'x'; "
                "i=0; while [ $i -lt 700 ]; do printf '\\303\\251\\0'; i=$((i+1)); done; "
                "printf '\\377the end'");
    text = output_tail_text(world.tail);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpint(g_utf8_strlen(text, -1), ==, 1024);
    g_assert_true(g_str_has_suffix(text, "\xc3\xa9\xef\xbf\xbdthe end"));
    g_assert_true(g_str_has_prefix(text, "xxx"));
    output_tail_free(world.tail);
}

static void
test_a_cut_shows_no_query(void)
{
    World world = {0};
    g_autofree char *text = NULL;

    run(&world, "printf 'https://h/p?'; head -c 2000 /dev/zero | tr '\\0' 'q'; printf ' end\\n'");
    text = output_tail_text(world.tail);
    g_assert_cmpstr(text, ==, "https://h/p?*** end");
    output_tail_free(world.tail);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/nothing-is-inherited", test_nothing_is_inherited);
    g_test_add_func("/child/status", test_status);
    g_test_add_func("/child/missing-program", test_missing_program);
    g_test_add_func("/child/freeing-kills-the-group", test_freeing_kills_the_group);
    g_test_add_func("/child/the-end-of-the-output-is-kept", test_the_end_of_the_output_is_kept);
    g_test_add_func("/child/a-cut-shows-no-query", test_a_cut_shows_no_query);
    return g_test_run();
}
