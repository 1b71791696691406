/* Plugin reboot: the answers before and after, and what can be said of a power-off. */
#include "fake-host.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_document(void)
{
    static const struct {
        const char *document, *word;
    } cases[] = {
        {"{'operation':'reboot'}", NULL},
        {"{}", NULL},
        {"{'operation':'reboot','delay':5,'message':'kernel update','timeout':60}", NULL},
        {"{'delay':null}", NULL},
        {"{'delay':-1}", "invalid-document"},
        {"{'delay':'soon'}", "invalid-document"},
        {"{'delay':1.5}", "invalid-document"},
        {"{'delay':604801}", "invalid-document"},
        {"{'delay':599}", NULL},
        {"{'delay':600}", "invalid-document"},
        {"{'delay':600,'timeout':601}", NULL},
        {"{'delay':60,'timeout':60}", "invalid-document"},
        {"{'message':7}", "invalid-document"},
        {"{'force':true}", "invalid-document"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", cases[i].document);

        g_test_message("%s", cases[i].document);
        fake_host_assert(host, fake_host_check(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
    }
}

static void
test_reboot(void)
{
    g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", "{'message':'bye'}");

    fake_host_set(host, "message-command", "");
    fake_host_assert(host, fake_host_run(host), ERRAND_REBOOT, NULL);
    g_assert_cmpstr(host->log->str, ==, "bye\n");
    host->start = ERRAND_START_REBOOTED;
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    host->start = ERRAND_START_INTERRUPTED;
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "interrupted");
}

typedef struct {
    FakeHost *host;
    char *directory;
    char *shown; /* what a user would see */
} Users;

static void
users_start(Users *users, const char *document, const char *command)
{
    g_autofree char *setting = NULL;

    users->host = fake_host_new("reboot", "reboot", document);
    users->directory = g_dir_make_tmp("errand-reboot-XXXXXX", NULL);
    users->shown = g_build_filename(users->directory, "shown", NULL);
    setting = g_strconcat(command, users->shown, NULL);
    fake_host_set(users->host, "message-command", setting);
}

static void
users_stop(Users *users)
{
    g_unlink(users->shown);
    g_rmdir(users->directory);
    g_free(users->shown);
    g_free(users->directory);
    fake_host_free(users->host);
}

/* By standard input, whatever it looks like, without what would command a terminal. */
static void
test_message(void)
{
    static const struct {
        const char *message, *shown;
    } cases[] = {
        {"kernel update", "This machine is restarted in 1 s: kernel update\n"},
        {"/etc/passwd", "This machine is restarted in 1 s: /etc/passwd\n"},
        {"--help; $(id) %s", "This machine is restarted in 1 s: --help; $(id) %s\n"},
        {"a\\u001b]0;t\\u0007\\u009b2Jb\\u007f\xc3\xbc\\nnext",
         "This machine is restarted in 1 s: a ]0;t   2Jb \xc3\xbc\nnext\n"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{'delay':1,'message':'%s'}", cases[i].message);
        g_autofree char *text = NULL;
        Users users;

        users_start(&users, document, "sh;-c;cat > ");
        fake_host_assert(users.host, fake_host_run(users.host), ERRAND_REBOOT, NULL);
        g_assert_true(g_file_get_contents(users.shown, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, cases[i].shown);
        users_stop(&users);
    }
}

/* Nobody need be told for the reboot to happen, and nobody is told nothing. */
static void
test_message_faults(void)
{
    static const struct {
        const char *command, *document, *logged;
    } cases[] = {
        {"false", "{'message':'bye'}", "bye\ntelling the logged-in users with false: it failed\n"},
        {"/no/such/program", "{'message':'bye'}",
         "bye\ntelling the logged-in users with /no/such/program: No such file or directory\n"},
        {"sleep;300", "{'message':'bye'}",
         "bye\ntelling the logged-in users with sleep: not done in time\n"},
        {"", "{'message':'bye'}", "bye\n"},
        {"false", "{'message':''}", ""},
        {"false", "{}", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", cases[i].document);

        fake_host_set(host, "message-command", cases[i].command);
        fake_host_assert(host, fake_host_run(host), ERRAND_REBOOT, NULL);
        g_assert_cmpstr(host->log->str, ==, cases[i].logged);
        g_assert_cmpuint(fake_host_count_children(), ==, 0);
    }
}

/* A cancel need not wait for a terminal. */
static void
test_message_cancel(void)
{
    g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", "{'message':'bye'}");

    fake_host_set(host, "message-command", "sleep;300");
    fake_host_cancel(host);
    fake_host_assert(host, fake_host_run(host), ERRAND_CANCELLED, NULL);
    g_assert_cmpuint(fake_host_count_children(), ==, 0);
}

static void
test_delay(void)
{
    g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", "{'delay':1}");
    gint64 start = g_get_monotonic_time();

    fake_host_assert(host, fake_host_run(host), ERRAND_REBOOT, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, >=, G_USEC_PER_SEC);
    g_assert_cmpuint(host->n_progress, >, 0);
}

static gpointer
cancel(gpointer host)
{
    while (g_atomic_int_get((gint *)&((FakeHost *)host)->n_progress) == 0)
        g_thread_yield();
    fake_host_cancel(host);
    return NULL;
}

static void
test_cancel(void)
{
    g_autoptr(FakeHost) host = fake_host_new("reboot", "reboot", "{'delay':3600,'timeout':7200}");
    GThread *thread = g_thread_new("cancel", cancel, host);

    fake_host_assert(host, fake_host_run(host), ERRAND_CANCELLED, NULL);
    g_thread_join(thread);
}

typedef struct {
    FakeHost *host;
    char *directory;
    char *boot_id;
    char *marker;
} Machine;

static void
machine_start(Machine *machine)
{
    g_autofree char *command = NULL;

    machine->host = fake_host_new("reboot", "shutdown", "{'operation':'shutdown'}");
    machine->directory = g_dir_make_tmp("errand-reboot-XXXXXX", NULL);
    machine->boot_id = g_build_filename(machine->directory, "boot_id", NULL);
    machine->marker = g_build_filename(machine->directory, "off", NULL);
    command = g_strdup_printf("touch;%s", machine->marker);
    fake_host_set(machine->host, "boot-id-file", machine->boot_id);
    fake_host_set(machine->host, "shutdown-command", command);
    fake_host_set(machine->host, "shutdown-timeout", "1s");
    g_assert_true(g_file_set_contents(machine->boot_id, "boot-one\n", -1, NULL));
}

static void
machine_stop(Machine *machine)
{
    g_unlink(machine->boot_id);
    g_unlink(machine->marker);
    g_rmdir(machine->directory);
    g_free(machine->boot_id);
    g_free(machine->marker);
    g_free(machine->directory);
    fake_host_free(machine->host);
}

static void
test_shutdown(void)
{
    Machine machine;

    machine_start(&machine);
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_FAILED,
                     "reboot-did-not-happen");
    g_assert_true(g_file_test(machine.marker, G_FILE_TEST_EXISTS));
    g_assert_cmpuint(machine.host->n_saved, ==, 1);

    /* Cut off on this boot: asked again. On the next one: done. */
    machine.host->start = ERRAND_START_INTERRUPTED;
    g_unlink(machine.marker);
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_FAILED,
                     "reboot-did-not-happen");
    g_assert_true(g_file_test(machine.marker, G_FILE_TEST_EXISTS));
    g_unlink(machine.marker);
    g_assert_true(g_file_set_contents(machine.boot_id, "boot-two\n", -1, NULL));
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_SUCCEEDED, NULL);
    g_assert_false(g_file_test(machine.marker, G_FILE_TEST_EXISTS));
    machine_stop(&machine);
}

static void
test_shutdown_faults(void)
{
    Machine machine;

    machine_start(&machine);
    fake_host_set(machine.host, "shutdown-command", "sh;-c;exit 3");
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_FAILED, "exit-status");
    fake_host_set(machine.host, "shutdown-command", "");
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_FAILED, "internal");
    fake_host_set(machine.host, "shutdown-timeout", "soon");
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_REJECTED, "internal");
    fake_host_set(machine.host, "shutdown-timeout", "1s");
    g_unlink(machine.boot_id);
    fake_host_assert(machine.host, fake_host_run(machine.host), ERRAND_FAILED, "internal");
    machine_stop(&machine);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reboot/document", test_document);
    g_test_add_func("/reboot/reboot", test_reboot);
    g_test_add_func("/reboot/message", test_message);
    g_test_add_func("/reboot/message-faults", test_message_faults);
    g_test_add_func("/reboot/message-cancel", test_message_cancel);
    g_test_add_func("/reboot/delay", test_delay);
    g_test_add_func("/reboot/cancel", test_cancel);
    g_test_add_func("/reboot/shutdown", test_shutdown);
    g_test_add_func("/reboot/shutdown-faults", test_shutdown_faults);
    return g_test_run();
}
