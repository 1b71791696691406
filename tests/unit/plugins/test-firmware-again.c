/* Plugin firmware: cancels, and what becomes of an update that was interrupted. */
#include "board.h"

#include <glib/gstdio.h>
#include <string.h>

/* For a boot id. */
#define TOO_LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static FileServer *server;

/* ---- FreeRTOS' own words ---- */

static void
test_freertos(void)
{
    g_autoptr(Board) board = board_new(server, "afr_ota", "");

    board_write(board, "offered", "2.4.6\n");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    g_assert_cmpstr(fake_host_detail(board->host, "receive"), ==, "25/25");
    g_assert_cmpstr(fake_host_detail(board->host, "self_test"), ==, "ready");
    g_assert_cmpstr(fake_host_detail(board->host, "updatedBy"), ==, "0x01000000");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpstr(fake_host_detail(board->host, "self_test"), ==, "active");
    g_assert_cmpstr(fake_host_detail(board->host, "updatedBy"), ==, "0x02040006");
}

/* ---- Interruptions ---- */

/* What a run that was cut off in `phase` on boot `boot` has left on disk. */
static Board *
cut_off(const char *phase, int boot, const char *more)
{
    Board *board = board_new(server, "firmware", "");
    g_autofree char *state = g_strdup_printf("errand-firmware 1\nphase=%s\nboot=boot-%d\n"
                                             "old-slot=A\nold-version=1.0\nversion=2.0\n%s\n",
                                             phase, boot, more);
    g_autofree char *image = g_build_filename(board->host->private_directory, "image", NULL);

    board->host->state = g_bytes_new(state, strlen(state));
    g_assert_true(g_file_set_contents(image, "2.0\n", -1, NULL));
    board_write(board, "version.B", "2.0\n");
    board_write(board, "next", "B\n");
    board_crash(board);
    return board;
}

static void
test_interrupted(void)
{
    static const struct {
        const char *phase;
        const char *boots; /* NULL: the same boot; else the slot that runs now */
        const char *more;
        int result;
        const char *asked;
    } cases[] = {
        {"fetch", NULL, "", ERRAND_REBOOT, "inspect image,install image"},
        {"fetch", "A", "", ERRAND_REBOOT, "inspect image,install image"},
        {"inspect", NULL, "", ERRAND_REBOOT, "inspect image,install image"},
        {"inspect", "A", "", ERRAND_REBOOT, "inspect image,install image"},
        {"install", NULL, "", ERRAND_REBOOT, "install image"},
        {"install", "A", "", ERRAND_REBOOT, "install image"},
        {"install", "B", "", ERRAND_SUCCEEDED, "confirm"},
        {"restart", NULL, "", ERRAND_REBOOT, ""},
        {"restart", "A", "", ERRAND_FAILED, "rollback other"},
        {"restart", "B", "", ERRAND_SUCCEEDED, "confirm"},
        {"prove", "B", "new-slot=B\n", ERRAND_SUCCEEDED, "confirm"},
        {"health", "B", "new-slot=B\n", ERRAND_SUCCEEDED, "confirm"},
        {"health", "A", "new-slot=B\n", ERRAND_FAILED, "rollback B"},
        {"health", NULL, "new-slot=B\n", ERRAND_FAILED, "rollback B"},
        {"confirm", "B", "new-slot=B\n", ERRAND_SUCCEEDED, "confirm"},
        {"confirm", "A", "new-slot=B\n", ERRAND_FAILED, "rollback B"},
        {"reject", "B", "new-slot=B\nreason=health-check-failed\n", ERRAND_REBOOT, "rollback B"},
        {"reject", "A", "new-slot=B\nreason=health-check-failed\n", ERRAND_FAILED, "rollback B"},
        {"return", "A", "new-slot=B\nreason=not-booted\n", ERRAND_FAILED, "rollback B"},
        {"return", "B", "new-slot=B\nreason=not-booted\n", ERRAND_FAILED, ""},
        {"fallen", NULL, "", ERRAND_FAILED, "rollback other"},
        {"fallen", "A", "new-slot=B\n", ERRAND_FAILED, "rollback B"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Board) board = cut_off(cases[i].phase, 1, cases[i].more);

        g_test_message("%s, then %s", cases[i].phase,
                       cases[i].boots != NULL ? cases[i].boots : "the same boot");
        if (cases[i].boots != NULL)
            board_boot(board, cases[i].boots, ERRAND_START_INTERRUPTED);
        g_assert_cmpint(fake_host_run(board->host), ==, cases[i].result);
        board_assert_asked(board, cases[i].asked);
    }
}

/* On the new system, with errand alone restarted. */
static void
test_interrupted_after_the_reboot(void)
{
    static const struct {
        const char *phase;
        int result;
        const char *asked;
    } cases[] = {
        {"prove", ERRAND_SUCCEEDED, "confirm"},
        {"health", ERRAND_SUCCEEDED, "confirm"},
        {"confirm", ERRAND_SUCCEEDED, "confirm"},
        {"reject", ERRAND_REBOOT, "rollback B"},
        {"return", ERRAND_REBOOT, ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Board) board = cut_off(cases[i].phase, 2, "new-slot=B\n");

        g_test_message("%s", cases[i].phase);
        board_boot(board, "B", ERRAND_START_INTERRUPTED);
        g_assert_cmpint(fake_host_run(board->host), ==, cases[i].result);
        board_assert_asked(board, cases[i].asked);
    }
}

/* The same restart can be told twice: by errand, and by the boot id of a setting that is wrong. */
static void
test_rebooted_says_errand(void)
{
    g_autoptr(Board) board = cut_off("restart", 1, "");

    board_write(board, "slot", "B\n");
    board->host->start = ERRAND_START_REBOOTED;
    g_assert_cmpint(fake_host_run(board->host), ==, ERRAND_SUCCEEDED);
}

/* An installer that may still be at work from before is not asked what runs. */
static void
test_interrupted_install_is_not_disturbed(void)
{
    g_autoptr(Board) board = cut_off("install", 1, "");

    board_hook(board, "before-booted", "touch disturbed; exit 1");
    g_assert_cmpint(fake_host_run(board->host), ==, ERRAND_REBOOT);
    g_assert_false(board_has(board, "disturbed"));
}

static void
test_damaged_state(void)
{
    static const char *const states[] = {
        "",
        "errand-firmware 2\nphase=restart\n\n",
        "errand-firmware 1\n",
        "errand-firmware 1\n\n",
        "errand-firmware 1\nphase=restart\nboot=boot-1",
        "errand-firmware 1\nphase=restart\nnonsense\n\n",
        "errand-firmware 1\nphase=dance\n\n",
        "errand-firmware 1\nphase=restart\nboot=" TOO_LONG "\n\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autoptr(Board) board = cut_off("restart", 1, "");

        g_test_message("%s", states[i]);
        g_bytes_unref(board->host->state);
        board->host->state = g_bytes_new(states[i], strlen(states[i]));
        board_boot(board, "B", i % 2 == 0 ? ERRAND_START_REBOOTED : ERRAND_START_INTERRUPTED);
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "internal");
        board_assert_asked(board, "");
    }
}

/* Killed before anything was saved: from the beginning. */
static void
test_no_state(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board_crash(board);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_assert_asked(board, "inspect image,install image");
}

static void
test_no_boot_id(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board_write(board, "boot_id", "\n");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "internal");
    board_assert_asked(board, "");
}

/* ---- The job has ended without the plugin ---- */

static void
test_cleanup(void)
{
    static const struct {
        const char *phase;
        const char *runs; /* NULL: the same boot */
        const char *more;
        int result;
        const char *asked, *next;
    } cases[] = {
        {"fetch", NULL, "", ERRAND_SUCCEEDED, "", "B"},
        {"inspect", NULL, "", ERRAND_SUCCEEDED, "", "B"},
        {"install", NULL, "", ERRAND_SUCCEEDED, "rollback other", "A"},
        {"install", "A", "", ERRAND_SUCCEEDED, "rollback other", "A"},
        {"install", "B", "", ERRAND_REBOOT, "rollback B", "A"},
        {"restart", NULL, "", ERRAND_SUCCEEDED, "rollback other", "A"},
        {"restart", "A", "", ERRAND_SUCCEEDED, "rollback other", "A"},
        {"restart", "B", "", ERRAND_REBOOT, "rollback B", "A"},
        {"prove", "B", "new-slot=B\n", ERRAND_REBOOT, "rollback B", "A"},
        {"health", "B", "new-slot=B\n", ERRAND_REBOOT, "rollback B", "A"},
        {"health", "A", "new-slot=B\n", ERRAND_SUCCEEDED, "rollback B", "A"},
        {"confirm", "B", "new-slot=B\n", ERRAND_SUCCEEDED, "confirm", "B"},
        {"confirm", "A", "new-slot=B\n", ERRAND_SUCCEEDED, "rollback B", "A"},
        {"reject", "B", "new-slot=B\n", ERRAND_REBOOT, "rollback B", "A"},
        {"return", "B", "new-slot=B\n", ERRAND_REBOOT, "rollback B", "A"},
        {"fallen", "A", "new-slot=B\n", ERRAND_SUCCEEDED, "rollback B", "A"},
        {"take-back", NULL, "", ERRAND_SUCCEEDED, "rollback other", "A"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Board) board = cut_off(cases[i].phase, 1, cases[i].more);

        g_test_message("%s, then %s", cases[i].phase, cases[i].runs);
        if (cases[i].runs != NULL)
            board_boot(board, cases[i].runs, ERRAND_START_CLEANUP);
        board->host->start = ERRAND_START_CLEANUP;
        /* Whatever the document says by now. */
        fake_host_set_document(board->host, "{}");
        g_assert_cmpint(fake_host_run(board->host), ==, cases[i].result);
        board_assert_asked(board, cases[i].asked);
        board_assert_next(board, cases[i].next);
        g_assert_cmpint(board->host->critical, ==, 0);
    }
}

static void
test_cleanup_of_nothing(void)
{
    g_autoptr(Board) none = board_new(server, "firmware", "");
    g_autoptr(Board) damaged = cut_off("restart", 1, "");

    none->host->start = ERRAND_START_CLEANUP;
    g_assert_cmpint(fake_host_run(none->host), ==, ERRAND_SUCCEEDED);
    board_assert_asked(none, "");
    damaged->host->start = ERRAND_START_CLEANUP;
    g_bytes_unref(damaged->host->state);
    damaged->host->state = g_bytes_new_static("x", 1);
    fake_host_assert(damaged->host, fake_host_run(damaged->host), ERRAND_FAILED, "internal");
    board_assert_asked(damaged, "");
}

/* The settings have changed since an install that did not return: what it may have switched over is
 * switched back, and nothing is installed. */
static void
test_not_acceptable_any_more(void)
{
    g_autoptr(Board) fetching = cut_off("fetch", 1, "");
    g_autoptr(Board) installing = cut_off("install", 1, "");

    fake_host_set(fetching->host, "hosts", "elsewhere");
    fake_host_assert(fetching->host, fake_host_run(fetching->host), ERRAND_REJECTED, "not-allowed");
    board_assert_asked(fetching, "");
    fake_host_set(installing->host, "hosts", "elsewhere");
    fake_host_assert(installing->host, fake_host_run(installing->host), ERRAND_FAILED,
                     "not-allowed");
    board_assert_asked(installing, "rollback other");
    board_assert_next(installing, "A");
}

/* ---- Cancels ---- */

static void
test_cancel_before(void)
{
    static const char *const phases[] = {"phase=fetch", "phase=inspect", "phase=install"};

    for (guint i = 0; i < G_N_ELEMENTS(phases); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", "");

        g_test_message("%s", phases[i]);
        board->host->cancel_on_state = phases[i];
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_CANCELLED, NULL);
        board_assert_asked(board, i < 2 ? "" : "inspect image");
        g_assert_false(board_has(board, "private/image"));
        g_assert_cmpint(board->host->critical, ==, 0);
    }
}

/* Too late to stop the install, early enough to stay on the old system. */
static void
test_cancel_after_the_install(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board->host->cancel_on_state = "phase=restart";
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_CANCELLED, NULL);
    board_assert_asked(board, "inspect image,install image,rollback other");
    board_assert_next(board, "A");
}

/* The new system is confirmed, or not, whatever the cloud has to say meanwhile. */
static void
test_cancel_after_the_reboot(void)
{
    g_autoptr(Board) good = cut_off("restart", 1, "");
    g_autoptr(Board) bad = cut_off("restart", 1, "");

    board_boot(good, "B", ERRAND_START_REBOOTED);
    good->host->cancel_on_state = "phase=health";
    fake_host_set(good->host, "health-checks", "sleep 0.1");
    fake_host_set(good->host, "health-timeout", "60s");
    g_assert_cmpint(fake_host_run(good->host), ==, ERRAND_SUCCEEDED);
    board_assert_asked(good, "confirm");
    board_boot(bad, "B", ERRAND_START_REBOOTED);
    bad->host->cancel_on_state = "phase=health";
    fake_host_set(bad->host, "health-checks", "false");
    g_assert_cmpint(fake_host_run(bad->host), ==, ERRAND_REBOOT);
    board_assert_asked(bad, "rollback B");
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    server = file_server_start(100 * 1000);
    g_test_add_func("/firmware-again/freertos", test_freertos);
    g_test_add_func("/firmware-again/interrupted", test_interrupted);
    g_test_add_func("/firmware-again/after-the-reboot", test_interrupted_after_the_reboot);
    g_test_add_func("/firmware-again/rebooted-says-errand", test_rebooted_says_errand);
    g_test_add_func("/firmware-again/install-not-disturbed",
                    test_interrupted_install_is_not_disturbed);
    g_test_add_func("/firmware-again/damaged-state", test_damaged_state);
    g_test_add_func("/firmware-again/no-state", test_no_state);
    g_test_add_func("/firmware-again/no-boot-id", test_no_boot_id);
    g_test_add_func("/firmware-again/cleanup", test_cleanup);
    g_test_add_func("/firmware-again/cleanup-of-nothing", test_cleanup_of_nothing);
    g_test_add_func("/firmware-again/not-acceptable-any-more", test_not_acceptable_any_more);
    g_test_add_func("/firmware-again/cancel-before", test_cancel_before);
    g_test_add_func("/firmware-again/cancel-after-the-install", test_cancel_after_the_install);
    g_test_add_func("/firmware-again/cancel-after-the-reboot", test_cancel_after_the_reboot);
    result = g_test_run();
    file_server_stop(server);
    return result;
}
