/* Plugin firmware with the owner's programs for an installer: every way an update can end. */
#include "board.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static FileServer *server;

static void
assert_message(Board *board, const char *text)
{
    if (board->host->message == NULL || strstr(board->host->message, text) == NULL)
        g_error("\"%s\" is not in: %s", text, board->host->message);
}

/* Through the install, up to the reboot. */
static Board *
installed(const char *operation, const char *more)
{
    Board *board = board_new(server, operation, more);

    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_assert_asked(board, "inspect image,install image");
    return board;
}

static void
test_success(void)
{
    g_autoptr(Board) board = installed("firmware", ",'version':'2.0'");
    g_autofree char *image = g_build_filename(board->host->private_directory, "image", NULL);

    g_assert_false(g_file_test(image, G_FILE_TEST_EXISTS));
    g_assert_cmpint(board->host->critical, ==, 0);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_SUCCEEDED, NULL);
    board_assert_asked(board, "confirm");
    g_assert_true(board_has(board, "good.B"));
    g_assert_cmpstr(fake_host_detail(board->host, "slot"), ==, "B");
    g_assert_cmpstr(fake_host_detail(board->host, "version"), ==, "2.0");
    g_assert_cmpint(board->host->critical, ==, 0);
    g_assert_cmpuint(board->host->n_refreshed, ==, 0);
}

static void
test_checksums(void)
{
    g_autofree char *good = g_strdup_printf(",'sha256':'%s','size':%u", server->sha256,
                                            (unsigned)g_bytes_get_size(server->content));
    g_autoptr(Board) right = installed("firmware", good);
    g_autofree char *bad = g_strdup_printf(",'sha256':'%064d'", 0);
    g_autoptr(Board) wrong = board_new(server, "firmware", bad);
    g_autoptr(Board) small = board_new(server, "firmware", ",'size':10");

    g_assert_true(board_has(right, "version.B"));
    fake_host_assert(wrong->host, fake_host_run(wrong->host), ERRAND_FAILED, "checksum-mismatch");
    board_assert_asked(wrong, "");
    fake_host_assert(small->host, fake_host_run(small->host), ERRAND_FAILED, "checksum-mismatch");
    board_assert_asked(small, "");
}

/* The old slot is back: never a success, and the other one is marked bad. */
static void
test_old_slot(void)
{
    g_autoptr(Board) board = installed("firmware", ",'version':'2.0'");

    board_boot(board, "A", ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "rolled-back");
    board_assert_asked(board, "rollback other");
    g_assert_true(board_has(board, "bad.B"));
    g_assert_cmpstr(fake_host_detail(board->host, "slot"), ==, "A");
    g_assert_cmpstr(fake_host_detail(board->host, "version"), ==, "1.0");
}

/* The boot loader's word for what is next decides nothing. */
static void
test_boot_loader_lies(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    board_write(board, "next", "B\n");
    board_boot(board, "A", ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "rolled-back");
}

static void
set_failing_check(Board *board)
{
    g_autofree char *check =
        g_strdup_printf("test -e '%s/healthy'; sh -c 'echo asked >> \"$1\"' sh %s/checks",
                        board->directory, board->directory);

    fake_host_set(board->host, "health-checks", check);
}

static void
test_health_failing(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    set_failing_check(board);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_assert_asked(board, "rollback B");
    g_assert_false(board_has(board, "good.B"));
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "health-check-failed");
    assert_message(board, "test exited with status 1; rolled back to A");
    board_assert_asked(board, "rollback B");
    g_assert_cmpstr(fake_host_detail(board->host, "slot"), ==, "A");
}

/* A check that succeeds in the end is a success; all of them have to. */
static void
test_health_in_the_end(void)
{
    g_autoptr(Board) board = installed("firmware", "");
    g_autofree char *checks = NULL, *once = NULL;

    set_failing_check(board);
    fake_host_set(board->host, "health-timeout", "60s");
    board_hook(board, "check", "echo again >> tries; test $(wc -l < tries) -ge 3");
    once = g_build_filename(board->directory, "check", NULL);
    fake_host_set(board->host, "health-checks", once);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_SUCCEEDED, NULL);
    checks = board_read(board, "tries");
    g_assert_cmpstr(checks, ==, "again\nagain\nagain");
}

static void
test_health_hangs(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    fake_host_set(board->host, "health-checks", "sleep 600");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    g_assert_cmpuint(fake_host_count_children(), ==, 0);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "health-check-failed");
    assert_message(board, "sleep was stopped after");
}

static void
test_units(void)
{
    g_autoptr(Board) board = installed("firmware", "");
    g_autofree char *program = g_build_filename(board->directory, "is-active", NULL);

    board_hook(board, "is-active", "test \"$1\" = app.service");
    fake_host_set(board->host, "unit-check", program);
    fake_host_set(board->host, "health-units", "app.service;broken.service");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "health-check-failed");
    assert_message(board, "unit broken.service is not active");
}

/* The bad slot comes back although it was marked bad. */
static void
test_stuck(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    set_failing_check(board);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_boot(board, "B", ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "health-check-failed");
    assert_message(board, "to be rolled back to A, but B runs again");
}

static void
test_other_version(void)
{
    g_autoptr(Board) board = installed("firmware", ",'version':'2.0'");

    board_write(board, "version.B", "1.9\n");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_assert_asked(board, "rollback B");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "not-booted");
    assert_message(board, "slot B runs version 1.9 instead of 2.0; rolled back to A");
}

/* The image's own version is held against the new system when the document tells none. */
static void
test_other_version_than_the_image(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    board_write(board, "version.B", "1.9\n");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
}

static void
test_confirm_failing(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    board_hook(board, "before-confirm", "exit 1");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "install-failed");
    assert_message(board, "slot B runs and is healthy, but could not be marked good");
}

static void
test_rollback_failing(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    board_hook(board, "before-rollback", "exit 1");
    board_boot(board, "A", ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "rolled-back");
    assert_message(board, "could not be marked bad");
}

/* Nothing of a refused image is written. */
static void
test_refused_images(void)
{
    static const struct {
        const char *more, *key, *value, *word;
    } cases[] = {
        {",'version':'2.1'", NULL, NULL, "install-failed"},
        {"", "minimum-version", "2.0.1", "not-allowed"},
        {"", "minimum-version", "3", "not-allowed"},
        {"", "compatible", "kettle", "install-failed"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", cases[i].more);

        g_test_message("%u", i);
        if (cases[i].key != NULL)
            fake_host_set(board->host, cases[i].key, cases[i].value);
        fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, cases[i].word);
        board_assert_asked(board, "inspect image");
        g_assert_false(board_has(board, "private/image"));
    }
}

static void
test_inspection_failing(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board_hook(board, "before-inspect", "echo 'no signature' >&2; exit 1");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "install-failed");
    assert_message(board, "the image is refused");
    board_assert_asked(board, "inspect image");
}

/* A floor holds although neither image nor document tells what they are. */
static void
test_floor_without_versions(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    fake_host_set(board->host, "inspect", "");
    fake_host_set(board->host, "minimum-version", "1.0");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "not-allowed");
    board_assert_asked(board, "");
}

/* What could not be looked at before must keep the floor once it runs. */
static void
test_floor_of_the_new_system(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", ",'version':'2.0'");

    fake_host_set(board->host, "inspect", "");
    fake_host_set(board->host, "minimum-version", "2.0");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_write(board, "version.B", "0.9\n");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "not-booted");
}

static void
test_install_failing(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    board_hook(board, "before-install", "echo 50; echo 'flash is worn out'; exit 1");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "install-failed");
    assert_message(board, "exited with status 9: flash is worn out");
    g_assert_cmpstr(board->host->output, ==, "flash is worn out\n");
    g_assert_cmpint(board->host->critical, ==, 0);
    g_assert_false(board_has(board, "private/image"));
}

/* An installer may print what it likes, and leave something behind that holds the pipe. */
static void
test_install_noise(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");
    gint64 start = g_get_monotonic_time();
    g_autofree char *pid = NULL;

    board_hook(
        board, "before-install",
        "head -c 300000 /dev/urandom; printf '\\0\\0 20 x\\n101\\n-1\\n100percent\\n7 seven'\n"
        "sleep 300 & echo $! > pid");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_REBOOT, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 60 * G_USEC_PER_SEC);
    g_assert_nonnull(strstr(board->host->output, "??"));
    pid = board_read(board, "pid");
    g_assert_cmpint(kill(atoi(pid), SIGKILL), ==, 0);
}

static void
test_slot_unknown(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    fake_host_set(board->host, "booted", "true");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "internal");
    assert_message(board, "printed no slot");
    fake_host_set(board->host, "booted", "/no/such/program");
    fake_host_assert(board->host, fake_host_run(board->host), ERRAND_FAILED, "internal");
    assert_message(board, "/no/such/program");
    board_assert_asked(board, "");
}

/* The machine is up before what knows its slots. */
static void
test_slot_known_later(void)
{
    g_autoptr(Board) board = installed("firmware", "");

    fake_host_set(board->host, "health-timeout", "60s");
    board_hook(board, "before-booted", "echo >> looks; test $(wc -l < looks) -ge 3");
    board_boot(board, NULL, ERRAND_START_REBOOTED);
    g_assert_cmpint(fake_host_run(board->host), ==, ERRAND_SUCCEEDED);
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    server = file_server_start(100 * 1000);
    g_test_add_func("/firmware/success", test_success);
    g_test_add_func("/firmware/checksums", test_checksums);
    g_test_add_func("/firmware/old-slot", test_old_slot);
    g_test_add_func("/firmware/boot-loader-lies", test_boot_loader_lies);
    g_test_add_func("/firmware/health-failing", test_health_failing);
    g_test_add_func("/firmware/health-in-the-end", test_health_in_the_end);
    g_test_add_func("/firmware/units", test_units);
    g_test_add_func("/firmware/stuck", test_stuck);
    g_test_add_func("/firmware/other-version", test_other_version);
    g_test_add_func("/firmware/other-version-than-the-image", test_other_version_than_the_image);
    g_test_add_func("/firmware/confirm-failing", test_confirm_failing);
    g_test_add_func("/firmware/rollback-failing", test_rollback_failing);
    g_test_add_func("/firmware/refused-images", test_refused_images);
    g_test_add_func("/firmware/inspection-failing", test_inspection_failing);
    g_test_add_func("/firmware/floor-without-versions", test_floor_without_versions);
    g_test_add_func("/firmware/floor-of-the-new-system", test_floor_of_the_new_system);
    g_test_add_func("/firmware/install-failing", test_install_failing);
    g_test_add_func("/firmware/install-noise", test_install_noise);
    g_test_add_func("/firmware/slot-unknown", test_slot_unknown);
    g_test_add_func("/firmware/slot-known-later", test_slot_known_later);
    /* Last: whatever descends from a runner is stopped, and here that is the server, too. */
    g_test_add_func("/firmware/health-hangs", test_health_hangs);
    result = g_test_run();
    file_server_stop(server);
    return result;
}
