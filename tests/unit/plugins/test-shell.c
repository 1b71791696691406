/* Plugin shell: documents and programs, allowed and refused. */
#include "fake-host.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_check(const char *document, const char *word, const char *in_message)
{
    g_autoptr(FakeHost) host = fake_host_new("shell", "shell", document);

    fake_host_assert(host, fake_host_check(host), word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED,
                     word);
    if (in_message != NULL && strstr(host->message, in_message) == NULL)
        g_error("%s: %s is not in: %s", document, in_message, host->message);
}

static void
test_document(void)
{
    assert_check("{'operation':'shell','command':['echo','x'],'user':'nobody','timeout':5,"
                 "'directory':'/tmp','environment':{'A':'b'}}",
                 NULL, NULL);
    assert_check("{'operation':'shell'}", "invalid-document", "command");
    assert_check("{'command':[]}", "invalid-document", "command");
    assert_check("{'command':'echo hi'}", "invalid-document", "command");
    assert_check("{'command':['echo',1]}", "invalid-document", "item 1");
    assert_check("{'command':['echo'],'comand':1}", "invalid-document", "comand");
    assert_check("{'command':['echo'],'timeout':0}", "invalid-document", "timeout");
    assert_check("{'command':['echo'],'timeout':'5'}", "invalid-document", "timeout");
    assert_check("{'command':['echo'],'directory':'tmp'}", "invalid-document", "directory");
    assert_check("{'command':['echo'],'directory':7}", "invalid-document", "directory");
    assert_check("{'command':['echo'],'environment':['A']}", "invalid-document", "environment");
    assert_check("{'command':['echo'],'environment':{'A B':'c'}}", "invalid-document", "A B");
    assert_check("{'command':['echo'],'environment':{'A':1}}", "invalid-document", "A");
    assert_check("{'command':['bin/echo']}", "invalid-document", "bin/echo");
    assert_check("{'command':['']}", "invalid-document", NULL);
    assert_check("{'command':['/usr/bin/..']}", "invalid-document", NULL);
    assert_check("{'command':['no-such-program-here']}", "not-found", "no-such-program-here");
    assert_check("{'command':['/etc/passwd']}", "not-found", NULL);
}

typedef struct {
    const char *commands;
    const char *program;
    const char *word; /* NULL: allowed */
} Allowed;

static void
test_commands(void)
{
    static const Allowed cases[] = {
        {"*", "echo", NULL},
        {"echo", "echo", NULL},
        {"echo", "/bin/echo", NULL},
        {"echo", "/usr/bin/echo", NULL},
        {"/bin/echo", "echo", NULL},
        {"/usr/bin/env;echo", "echo", NULL},
        {"echo", "cat", "not-allowed"},
        {"", "echo", "not-allowed"},
        {"/tmp/echo", "echo", "not-allowed"},
        {"echo", "/tmp/echo", "not-allowed"},
        {"echo", "/usr/bin/../bin/echo", NULL},
        {"echo", "/usr/bin/../bin/cat", "not-allowed"},
        {"echo", "echo*", "not-allowed"},
        {"ech*", "echo", "not-allowed"},
        {"no-such-program", "no-such-program", "not-found"},
        /* Two names of one file are two programs. */
        {"awk", "mawk", "not-allowed"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document =
            g_strdup_printf("{'operation':'shell','command':['%s']}", cases[i].program);
        g_autoptr(FakeHost) host = fake_host_new("shell", "shell", document);

        g_test_message("commands=%s, %s", cases[i].commands, cases[i].program);
        fake_host_set(host, "commands", cases[i].commands);
        fake_host_assert(host, fake_host_check(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
    }
}

/* A link to an allowed program under another name, and an allowed name in a place of the
 * document's choice. */
static void
test_commands_links(void)
{
    g_autofree char *directory = g_dir_make_tmp("errand-shell-XXXXXX", NULL);
    g_autofree char *link = g_build_filename(directory, "echo", NULL);
    g_autofree char *document = g_strdup_printf("{'operation':'shell','command':['%s']}", link);
    g_autoptr(FakeHost) host = fake_host_new("shell", "shell", document);

    g_assert_cmpint(symlink("/bin/echo", link), ==, 0);
    fake_host_set(host, "commands", "echo;/bin/cat");
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "not-allowed");
    fake_host_set(host, "commands", "*");
    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    g_unlink(link);
    g_rmdir(directory);
}

/* An earlier step may install the program, so a step document is not refused before its turn. */
static void
test_missing_in_step(void)
{
    g_autoptr(FakeHost) host =
        fake_host_new("shell", "runCommand", "{'command':'no-such-program,x'}");

    host->step = g_strdup("Use-It");
    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-found");
    g_assert_nonnull(strstr(host->message, "no-such-program"));
    fake_host_set(host, "commands", "echo");
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "not-allowed");
}

static void
test_environment_list(void)
{
    static const struct {
        const char *commands, *environment, *word;
    } cases[] = {
        {NULL, NULL, NULL},     {"*", NULL, NULL},          {"env", NULL, "not-allowed"},
        {"env", "GREET", NULL}, {"env", "", "not-allowed"}, {"*", "OTHER", "not-allowed"},
        {"env", "*", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host =
            fake_host_new("shell", "shell", "{'command':['env'],'environment':{'GREET':'hi you'}}");

        if (cases[i].commands != NULL)
            fake_host_set(host, "commands", cases[i].commands);
        if (cases[i].environment != NULL)
            fake_host_set(host, "environment", cases[i].environment);
        fake_host_assert(host, fake_host_check(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
        if (cases[i].word != NULL)
            continue;
        fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
        g_assert_nonnull(strstr(host->output, "GREET=hi you\n"));
        g_assert_nonnull(strstr(host->output, "ERRAND_JOB_ID=job-1\n"));
        g_assert_nonnull(strstr(host->output, "PATH=/usr/local/sbin:/usr/local/bin:"));
        g_assert_null(strstr(host->output, "PLUGIN_DIRECTORY="));
    }
}

static void
test_split(void)
{
    static const struct {
        const char *command; /* as JSON source */
        const char *output;  /* each argument in brackets; NULL: refused */
    } cases[] = {
        {"printf,[%s],Hello\\\\, world", "[Hello, world]"},
        {"printf,[%s],a,,b", "[a][b]"},
        {"printf,[%s],a, ,b", "[a][][b]"},
        {"printf,[%s],a\\\\\\\\,b", "[a\\,b]"},
        {",,printf ,\\t[%s], $HOME; id ", "[$HOME; id]"},
        {"sh,-c,echo $((1+1)); echo x", "2\nx\n"},
        {"printf,[%s],a,", "[a]"},
        {"echo ok", NULL},
        {"", NULL},
        {",,", NULL},
        {" ,echo", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{'command':'%s'}", cases[i].command);
        g_autoptr(FakeHost) host = fake_host_new("shell", "runCommand", document);

        if (cases[i].output == NULL) {
            fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "invalid-document");
            continue;
        }
        fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
        g_assert_cmpstr(host->output, ==, cases[i].output);
    }
}

/* What the Device Client ignores is ignored; what it crashes on is refused. */
static void
test_run_command_document(void)
{
    g_autoptr(FakeHost) host =
        fake_host_new("shell", "runCommand", "{'command':'true','_comment':1,'path':''}");
    g_autoptr(FakeHost) list = fake_host_new("shell", "runCommand", "{'command':['true']}");

    fake_host_assert(host, fake_host_check(host), ERRAND_SUCCEEDED, NULL);
    fake_host_assert(list, fake_host_check(list), ERRAND_REJECTED, "invalid-document");
}

static void
test_no_shell(void)
{
    g_autoptr(FakeHost) host = fake_host_new(
        "shell", "shell",
        "{'command':['echo','$(touch /tmp/errand-canary)','; touch /tmp/errand-canary','-n']}");

    g_unlink("/tmp/errand-canary");
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_false(g_file_test("/tmp/errand-canary", G_FILE_TEST_EXISTS));
    g_assert_cmpstr(host->output, ==,
                    "$(touch /tmp/errand-canary) ; touch /tmp/errand-canary -n\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shell/document", test_document);
    g_test_add_func("/shell/commands", test_commands);
    g_test_add_func("/shell/commands-links", test_commands_links);
    g_test_add_func("/shell/missing-in-step", test_missing_in_step);
    g_test_add_func("/shell/environment-list", test_environment_list);
    g_test_add_func("/shell/split", test_split);
    g_test_add_func("/shell/run-command-document", test_run_command_document);
    g_test_add_func("/shell/no-shell", test_no_shell);
    return g_test_run();
}
