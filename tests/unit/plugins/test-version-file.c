/* Setting version-file of plugin firmware: what counts as a version, and what becomes of one that
 * is none. */
#include "version-file.h"

#include "boot-id.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    errand_job job;
    errand_host host;
    char *path; /* NULL: not set */
    int32_t start;
    char *reason;
    guint logged;
} Asker;

static const char *
host_setting(errand_job *job, const char *key)
{
    g_assert_cmpstr(key, ==, "version-file");
    return ((Asker *)job)->path;
}

static int32_t
host_start(errand_job *job)
{
    return ((Asker *)job)->start;
}

static int32_t
host_reason(errand_job *job, const char *word, const char *text)
{
    Asker *self = (Asker *)job;

    g_assert_nonnull(strstr(text, self->path));
    g_free(self->reason);
    self->reason = g_strdup(word);
    return 0;
}

static void
host_log(errand_job *job, int32_t level, const char *text)
{
    g_assert_cmpint(level, ==, ERRAND_LOG_ERROR);
    ((Asker *)job)->logged++;
}

/* content NULL: there is no file. */
static void
assert_read(const char *content, int32_t start, int32_t result, const char *expected)
{
    g_autofree char *directory = g_dir_make_tmp("errand-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "version", NULL);
    Asker self = {.path = path, .start = start};
    char version[BACKEND_TEXT] = "installer's";

    self.host = (errand_host){
        .setting = host_setting, .start = host_start, .reason = host_reason, .log = host_log};
    self.job.host = &self.host;
    if (content != NULL)
        g_assert_true(g_file_set_contents(path, content, -1, NULL));
    g_assert_cmpint(version_file_read(&self.job, version), ==, result);
    g_assert_cmpstr(version, ==, expected);
    g_assert_cmpstr(self.reason, ==, result == ERRAND_SUCCEEDED ? NULL : "internal");
    g_assert_cmpuint(self.logged, ==, strcmp(expected, VERSION_FILE_NONE) == 0);
    g_free(self.reason);
    g_unlink(path);
    g_rmdir(directory);
}

static void
test_a_version(void)
{
    static const char *const contents[] = {"2.4.0", "2.4.0\n", "2.4.0\r\nbuilt by hand\n",
                                           "2.4.0 \t\nmore"};

    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        assert_read(contents[i], ERRAND_START_FIRST, ERRAND_SUCCEEDED, "2.4.0");
        assert_read(contents[i], ERRAND_START_REBOOTED, ERRAND_SUCCEEDED, "2.4.0");
    }
}

static void
test_no_version(void)
{
    g_autofree char *longest = g_strnfill(BACKEND_TEXT - 2, 'x');
    g_autofree char *long_one = g_strnfill(BACKEND_TEXT - 1, 'x');
    const char *const contents[] = {NULL, "", "\n2.4.0\n", " 2.4.0\n", "two words\n", long_one};

    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_test_message("%s", contents[i]);
        assert_read(contents[i], ERRAND_START_FIRST, ERRAND_FAILED, "installer's");
        assert_read(contents[i], ERRAND_START_INTERRUPTED, ERRAND_SUCCEEDED, VERSION_FILE_NONE);
        assert_read(contents[i], ERRAND_START_REBOOTED, ERRAND_SUCCEEDED, VERSION_FILE_NONE);
    }
    assert_read(longest, ERRAND_START_FIRST, ERRAND_SUCCEEDED, longest);
}

static void
test_not_set(void)
{
    static char empty[] = "";
    char *const paths[] = {NULL, empty};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        Asker self = {.path = paths[i]};
        char version[BACKEND_TEXT] = "installer's";

        self.host = (errand_host){.setting = host_setting};
        self.job.host = &self.host;
        g_assert_cmpint(version_file_read(&self.job, version), ==, ERRAND_SUCCEEDED);
        g_assert_cmpstr(version, ==, "installer's");
    }
}

/* A FIFO has nobody to write to it, a device may never end: neither is waited for. */
static void
test_no_file(void)
{
    g_autofree char *directory = g_dir_make_tmp("errand-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(directory, "version", NULL);
    char zero[] = "/dev/zero";
    char *const paths[] = {fifo, zero, directory};

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        Asker self = {.path = paths[i]};
        char version[BACKEND_TEXT] = "installer's", boot_id[BOOT_ID_SIZE];

        self.host =
            (errand_host){.setting = host_setting, .start = host_start, .reason = host_reason};
        self.job.host = &self.host;
        g_assert_cmpint(version_file_read(&self.job, version), ==, ERRAND_FAILED);
        g_assert_false(boot_id_read(paths[i], boot_id));
        g_free(self.reason);
    }
    g_unlink(fifo);
    g_rmdir(directory);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/version-file/a-version", test_a_version);
    g_test_add_func("/version-file/no-version", test_no_version);
    g_test_add_func("/version-file/not-set", test_not_set);
    g_test_add_func("/version-file/no-file", test_no_file);
    return g_test_run();
}
