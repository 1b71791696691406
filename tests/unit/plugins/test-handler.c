/* Plugin handler: which file is run, which is refused, what it is given; and the shipped scripts.
 */
#include "fake-host.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANY_FAILURE (-1)

#define SAY "#!/bin/sh\nprintf '[%s]' \"$0\" \"$@\"\n"

typedef struct {
    char *one, *two; /* the handler directories, in order */
} Place;

static char *
put(const char *directory, const char *name, mode_t mode)
{
    char *path = g_build_filename(directory, name, NULL);

    g_assert_true(g_file_set_contents(path, SAY, -1, NULL));
    g_assert_cmpint(chmod(path, mode), ==, 0);
    return path;
}

static FakeHost *
place_host(Place *place, const char *document)
{
    FakeHost *host = fake_host_new("handler", "runHandler", document);
    g_autofree char *directories = g_strdup_printf("%s;%s", place->one, place->two);

    fake_host_set(host, "directories", directories);
    return host;
}

static void
place_start(Place *place)
{
    place->one = g_dir_make_tmp("errand-one-XXXXXX", NULL);
    place->two = g_dir_make_tmp("errand-two-XXXXXX", NULL);
    g_assert_cmpint(chmod(place->one, 0755) + chmod(place->two, 0755), ==, 0);
}

static void
place_stop(Place *place)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s' '%s'", place->one, place->two);

    g_assert_cmpint(system(command), ==, 0);
    g_free(place->one);
    g_free(place->two);
}

static void
assert_place(Place *place, const char *document, const char *word)
{
    g_autoptr(FakeHost) host = place_host(place, document);

    g_test_message("%s", document);
    fake_host_assert(host, fake_host_check(host), word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED,
                     word);
}

static void
test_document(void)
{
    Place place;
    g_autofree char *path = NULL;

    place_start(&place);
    path = put(place.one, "say", 0755);
    assert_place(&place, "{'handler':'say'}", NULL);
    assert_place(&place, "{'handler':'say','args':null,'path':'','_comment':1}", NULL);
    assert_place(&place, "{'handler':'say','path':'default'}", NULL);
    assert_place(&place, "{}", "invalid-document");
    assert_place(&place, "{'handler':7}", "invalid-document");
    assert_place(&place, "{'handler':''}", "invalid-document");
    assert_place(&place, "{'handler':'../say'}", "invalid-document");
    assert_place(&place, "{'handler':'/bin/echo'}", "invalid-document");
    assert_place(&place, "{'handler':'.'}", "invalid-document");
    assert_place(&place, "{'handler':'..'}", "invalid-document");
    assert_place(&place, "{'handler':'.hidden'}", "invalid-document");
    assert_place(&place, "{'handler':'say.dpkg-new'}", "invalid-document");
    assert_place(&place, "{'handler':'say','args':'x'}", "invalid-document");
    assert_place(&place, "{'handler':'say','args':['x',1]}", "invalid-document");
    assert_place(&place, "{'handler':'say','path':7}", "invalid-document");
    assert_place(&place, "{'handler':'say','path':'/bin'}", "not-allowed");
    assert_place(&place, "{'handler':'other'}", "not-found");
    place_stop(&place);
}

static void
test_order(void)
{
    Place place;
    g_autofree char *one = NULL, *two = NULL, *expected = NULL, *document = NULL;
    g_autoptr(FakeHost) host = NULL;
    g_autoptr(FakeHost) named = NULL;

    place_start(&place);
    one = put(place.one, "say", 0700);
    two = put(place.two, "say", 0755);
    host = place_host(&place, "{'handler':'say','args':['a b','','$(id)']}");
    expected = g_strdup_printf("[%s][][a b][][$(id)]", one);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpstr(host->output, ==, expected);

    document = g_strdup_printf("{'handler':'say','path':'%s/'}", place.two);
    named = place_host(&place, document);
    g_free(expected);
    expected = g_strdup_printf("[%s][]", two);
    fake_host_assert(named, fake_host_run(named), ERRAND_SUCCEEDED, NULL);
    g_assert_cmpstr(named->output, ==, expected);

    g_unlink(one);
    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(g_str_has_prefix(host->output + 1, two));
    g_unlink(two);
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "not-found");
    fake_host_assert(host, fake_host_check(host), ERRAND_REJECTED, "not-found");
    g_assert_nonnull(strstr(host->message, place.one));
    g_assert_nonnull(strstr(host->message, place.two));
    place_stop(&place);
}

static void
test_unsafe(void)
{
    static const mode_t refused[] = {0644, 0777, 0775, 0757, 0000};
    static const mode_t accepted[] = {0700, 0755, 0555, 0500, 0711};
    Place place;
    g_autofree char *path = NULL;

    place_start(&place);
    path = put(place.one, "say", 0755);
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_assert_cmpint(chmod(path, refused[i]), ==, 0);
        assert_place(&place, "{'handler':'say'}", "not-allowed");
    }
    for (guint i = 0; i < G_N_ELEMENTS(accepted); i++) {
        g_assert_cmpint(chmod(path, accepted[i]), ==, 0);
        assert_place(&place, "{'handler':'say'}", NULL);
    }
    g_assert_cmpint(chmod(place.one, 0777), ==, 0);
    assert_place(&place, "{'handler':'say'}", "not-allowed");
    g_assert_cmpint(chmod(place.one, 0755), ==, 0);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(path, 65534, 0), ==, 0);
        assert_place(&place, "{'handler':'say'}", "not-allowed");
    }
    g_unlink(path);
    g_assert_cmpint(symlink("/bin/echo", path), ==, 0);
    assert_place(&place, "{'handler':'say'}", "not-allowed");
    g_unlink(path);
    g_assert_cmpint(mkfifo(path, 0755), ==, 0);
    assert_place(&place, "{'handler':'say'}", "not-allowed");
    g_unlink(path);
    g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
    assert_place(&place, "{'handler':'say'}", "not-allowed");
    place_stop(&place);
}

static void
test_user_argument(void)
{
    static const struct {
        const char *user, *setting, *word, *tail;
    } cases[] = {
        {NULL, NULL, NULL, "say][][x]"},
        {"nobody", NULL, NULL, "say][nobody][x]"},
        {"nobody", "true", NULL, "say][nobody][x]"},
        {NULL, "false", NULL, "say][x]"},
        {"", "false", NULL, "say][x]"},
        {"root", "false", NULL, "say][x]"},
        {"nobody", "false", "not-allowed", NULL},
        {"no-such-user", NULL, "not-found", NULL},
        {"-x", NULL, "not-found", NULL},
        {NULL, "maybe", "internal", NULL},
    };
    Place place;
    g_autofree char *path = NULL;

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    place_start(&place);
    path = put(place.one, "say", 0755);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FakeHost) host = place_host(&place, "{'handler':'say','args':['x']}");

        host->user = g_strdup(cases[i].user);
        if (cases[i].setting != NULL)
            fake_host_set(host, "user-argument", cases[i].setting);
        fake_host_assert(host, fake_host_run(host),
                         cases[i].word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, cases[i].word);
        if (cases[i].tail != NULL)
            g_assert_true(g_str_has_suffix(host->output, cases[i].tail));
    }
    place_stop(&place);
}

static void
test_default_user(void)
{
    Place place;
    g_autofree char *path = NULL;
    g_autoptr(FakeHost) host = NULL;

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    place_start(&place);
    path = put(place.one, "who", 0755);
    g_assert_true(g_file_set_contents(path, "#!/bin/sh\nid -un\nexit 3\n", -1, NULL));
    g_assert_cmpint(chmod(path, 0755), ==, 0);
    host = place_host(&place, "{'handler':'who'}");
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "exit-status");
    g_assert_cmpstr(host->output, ==, "root\n");
    fake_host_set(host, "default-user", "daemon");
    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "exit-status");
    g_assert_cmpstr(host->output, ==, "daemon\n");
    g_assert_cmpstr(fake_host_detail(host, "exitCode"), ==, "3");
    place_stop(&place);
}

/* The shipped scripts with apt-get, systemctl and dpkg-query replaced by ones that only tell. */
static char *
run_script(const char *tools, const char *command, int *status)
{
    g_autofree char *line = g_strdup_printf("cd '%s' && PATH='%s':$PATH && ./%s 2>&1",
                                            g_getenv("HANDLER_SCRIPTS"), tools, command);
    const char *argv[] = {"/bin/sh", "-c", line, NULL};
    char *output = NULL;
    int wait_status = 0;

    g_assert_true(
        g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &output, NULL, &wait_status, NULL));
    *status = WEXITSTATUS(wait_status);
    return output;
}

static void
put_tool(const char *directory, const char *name, const char *script)
{
    g_autofree char *path = put(directory, name, 0755);

    g_assert_true(g_file_set_contents(path, script, -1, NULL));
    g_assert_cmpint(chmod(path, 0755), ==, 0);
}

static void
test_scripts(void)
{
    static const struct {
        const char *command;
        int status;
        const char *output;
    } cases[] = {
        {"install-packages.sh '' 'jq chrony' curl", 0, "apt-get noninteractive [jq][chrony][curl]"},
        {"install-packages.sh '' ''", 2, "no package named\n"},
        {"install-packages.sh", 2, "no package named\n"},
        {"install-packages.sh '' '-o x'", 2, "not the name of a package: -o\n"},
        {"remove-packages.sh '' 'jq  chrony'", 0, "apt-get noninteractive [jq][chrony]"},
        {"verify-packages-installed.sh '' 'here'", 0, ""},
        {"verify-packages-installed.sh '' 'here gone lost'", 1,
         "not installed: gone\nnot installed: lost\n"},
        {"verify-packages-removed.sh '' 'gone'", 0, ""},
        {"verify-packages-removed.sh '' 'gone here'", 1, "still installed: here\n"},
        {"start-services.sh '' 'a b.service'", 0, "[--no-ask-password][start][a][b.service]"},
        {"stop-services.sh '' a", 0, "[--no-ask-password][stop][a]"},
        {"restart-services.sh '' 'a b'", 0, "[--no-ask-password][restart][a][b]"},
        {"restart-services.sh '' 'errandd'", 0, "later\n"},
        {"restart-services.sh '' 'errandd.service c'", 0, "later\n[--no-ask-password][restart][c]"},
        {"restart-services.sh '' ' '", 2, "no service named\n"},
        {"restart-services.sh '' 'errandd --force'", 2, "not the name of a service: --force\n"},
        {"start-services.sh '' 'broken'", 5, "[--no-ask-password][start][broken]"},
        {"start-services.sh '' '*'", 0, "[--no-ask-password][start][*]"},
        {"start-services.sh no-such-user a", ANY_FAILURE, NULL},
        {"health-check.sh ''", 0, ""},
    };
    Place place;

    place_start(&place);
    put_tool(place.one, "apt-get",
             "#!/bin/sh\nprintf 'apt-get %s ' \"$DEBIAN_FRONTEND\"\n"
             "while [ \"$1\" != -- ]; do shift; done\nshift\nprintf '[%s]' \"$@\"\n");
    put_tool(place.one, "systemctl",
             "#!/bin/sh\nprintf '[%s]' \"$@\"\n[ \"$3\" != broken ] || exit 5\n");
    put_tool(place.one, "systemd-run", "#!/bin/sh\necho later\n");
    put_tool(place.one, "dpkg-query",
             "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = here ] && printf installed\n"
             "[ \"$last\" != gone ] || printf config-files\n");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status = -1;
        g_autofree char *output = run_script(place.one, cases[i].command, &status);

        g_test_message("%s", cases[i].command);
        if (cases[i].output != NULL)
            g_assert_cmpstr(output, ==, cases[i].output);
        if (cases[i].status == ANY_FAILURE)
            g_assert_cmpint(status, !=, 0);
        else
            g_assert_cmpint(status, ==, cases[i].status);
    }
    place_stop(&place);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handler/document", test_document);
    g_test_add_func("/handler/order", test_order);
    g_test_add_func("/handler/unsafe", test_unsafe);
    g_test_add_func("/handler/user-argument", test_user_argument);
    g_test_add_func("/handler/default-user", test_default_user);
    g_test_add_func("/handler/scripts", test_scripts);
    return g_test_run();
}
