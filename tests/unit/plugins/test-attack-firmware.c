/* Plugin firmware against programs and moments that mean no good: whatever they do, no success
 * without its proof, and no slot that nobody proved is left to boot next. */
#include "board.h"

#include <glib/gstdio.h>
#include <string.h>

static FileServer *server;

/* Sets a program of the board's own for a setting. */
static void
set_program(Board *board, const char *setting, const char *script)
{
    g_autofree char *path = g_build_filename(board->directory, "program", NULL);

    board_hook(board, "program", script);
    fake_host_set(board->host, setting, path);
}

/* After the reboot the old slot runs, and what should say so says something else. */
static void
test_what_runs_is_not_told(void)
{
    static const char *const answers[] = {
        "echo Warning: cannot read the environment",
        "head -c 300 /dev/zero | tr '\\0' A; echo ' 2.0'",
        "echo A; head -c 100000 /dev/zero | tr '\\0' B | sed 's/^/C /'; echo B 2.0; exit 3",
        "printf '\\n\\n'",
        "kill -9 $$",
        "sleep 600",
    };

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", "");

        g_test_message("%s", answers[i]);
        fake_host_set(board->host, "inspect", "");
        fake_host_set(board->host, "command-timeout", "1s");
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
        board_boot(board, "A", ERRAND_START_REBOOTED);
        set_program(board, "booted", answers[i]);
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "internal");
        g_assert_false(board_has(board, "good.A"));
        g_assert_false(board_has(board, "good.B"));
    }
}

/* The installer had switched over when it failed: the machine must not boot that by itself. */
static void
test_a_failed_install_is_not_booted(void)
{
    static const char *const hooks[] = {"exit 1", "kill -9 $PPID", "sleep 600"};
    FileServer *own = file_server_start(1000);

    for (guint i = 0; i < G_N_ELEMENTS(hooks); i++) {
        g_autoptr(Board) board = board_new(own, "firmware", "");

        g_test_message("%s", hooks[i]);
        fake_host_set(board->host, "install-timeout", "2s");
        board_hook(board, "after-install", hooks[i]);
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "install-failed");
        board_assert_asked(board, "inspect image,install image,rollback other");
        board_assert_next(board, "A");
    }
    file_server_stop(own);
}

/* It could not even be started: the other slot is as good as before. */
static void
test_no_installer(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    fake_host_set(board->host, "install", "/no/such/program");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "install-failed");
    board_assert_asked(board, "inspect image");
}

/* The first install was cut off, perhaps at its very end; then comes the cancel. */
static void
test_cancelled_before_the_second_install(void)
{
    static const char state[] = "errand-firmware 1\nphase=install\nboot=boot-1\nold-slot=A\n"
                                "old-version=1.0\nversion=2.0\n\n";
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board->host->state = g_bytes_new(state, strlen(state));
    board_write(board, "version.B", "2.0\n");
    board_write(board, "next", "B\n");
    board_crash(board);
    fake_host_cancel(board->host);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_CANCELLED, NULL);
    board_assert_asked(board, "rollback other");
    board_assert_next(board, "A");
}

static guint
count_progress(const char *hook)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board_hook(board, "before-install", hook);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    return board->host->n_progress;
}

/* It never talks of progress: longer than a heartbeat takes. */
static void
test_a_talking_installer_is_alive(void)
{
    guint silent = count_progress("true");
    guint talking = count_progress("for i in $(seq 24); do echo block $i written; sleep 0.5; done");

    g_assert_cmpuint(talking, >, silent);
}

/* Settings that mean nothing are refused before anything is fetched. */
static void
test_settings(void)
{
    static const struct {
        const char *key, *value;
        int result;
    } cases[] = {
        {"health-checks", "true 'open", ERRAND_REJECTED},
        {"health-checks", "true \\", ERRAND_REJECTED},
        {"health-checks", "''", ERRAND_REJECTED},
        {"health-checks", "true;;true", ERRAND_REJECTED},
        {"health-checks", "  ", ERRAND_REJECTED},
        {"health-checks", "true", ERRAND_SUCCEEDED},
        {"health-timeout", "1ms", ERRAND_SUCCEEDED},
        {"health-timeout", "106751991167d", ERRAND_REJECTED},
        {"health-timeout", "99999999999999999999d", ERRAND_REJECTED},
        {"install-timeout", "106751991167d", ERRAND_REJECTED},
        {"command-timeout", "0s", ERRAND_REJECTED},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", "");

        fake_host_set(board->host, cases[i].key, cases[i].value);
        if (fake_host_check(board->host) != cases[i].result)
            g_error("%s=%s: not %d", cases[i].key, cases[i].value, cases[i].result);
    }
}

/* Any floor that was written is a floor. */
static void
test_odd_floors(void)
{
    static const char *const floors[] = {"9", "v9", "~", "-", "zz", "2.0.0", "2.0-1"};

    for (guint i = 0; i < G_N_ELEMENTS(floors); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", "");
        int result;

        fake_host_set(board->host, "minimum-version", floors[i]);
        result = fake_host_run(board->host);
        g_test_message("%s: %d, %s", floors[i], result, board->host->message);
        g_assert_true(result == ERRAND_FAILED || strcmp(floors[i], "~") == 0);
    }
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    server = file_server_start(100 * 1000);
    g_test_add_func("/attack/no-installer", test_no_installer);
    g_test_add_func("/attack/cancelled-before-the-second-install",
                    test_cancelled_before_the_second_install);
    g_test_add_func("/attack/a-talking-installer", test_a_talking_installer_is_alive);
    g_test_add_func("/attack/settings", test_settings);
    g_test_add_func("/attack/odd-floors", test_odd_floors);
    /* Last: whatever descends from a runner is stopped, and here that is the server, too. */
    g_test_add_func("/attack/what-runs-is-not-told", test_what_runs_is_not_told);
    g_test_add_func("/attack/a-failed-install-is-not-booted", test_a_failed_install_is_not_booted);
    result = g_test_run();
    file_server_stop(server);
    return result;
}
