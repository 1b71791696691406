#include "durable.h"
#include "job-store.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *root;
    char *state;
    JobStore *store;
} World;

static void
set_up(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    world->root = g_dir_make_tmp("errand-store-XXXXXX", &error);
    g_assert_no_error(error);
    world->state = g_build_filename(world->root, "a", "state", NULL);
    world->store = job_store_open(world->state, &error);
    g_assert_no_error(error);
    g_assert_nonnull(world->store);
}

static void
tear_down(World *world, gconstpointer data)
{
    job_store_free(world->store);
    g_assert_true(durable_remove_tree(world->root, NULL));
    g_free(world->state);
    g_free(world->root);
}

static char *
path_of(World *world, const char *rest)
{
    return g_build_filename(world->state, rest, NULL);
}

static JobRecord *
put(World *world, const char *job_id)
{
    g_autoptr(ExecutionId) id = execution_id_new(job_id, 1, 100);
    g_autoptr(GError) error = NULL;
    JobRecord *record = job_record_new(id);

    record->document = g_strdup("{\"operation\":\"x\"}");
    g_assert_true(job_store_create(world->store, record, &error));
    g_assert_no_error(error);
    return record;
}

static JobRecord *
load_single(World *world, GPtrArray **all)
{
    *all = job_store_load_all(world->store);
    g_assert_cmpuint((*all)->len, ==, 1);
    return (*all)->pdata[0];
}

static guint
count_entries(World *world, const char *rest)
{
    g_autofree char *path = path_of(world, rest);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint count = 0;

    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

/* What was expected changes nothing until it is said, and nothing at all when something else is. */
static void
test_expect(World *world, gconstpointer data)
{
    g_autoptr(JobRecord) record = put(world, "one");
    g_autoptr(JobRecord) other = put(world, "two");
    g_autoptr(GPtrArray) all = NULL;
    JobRecord expected = *record;

    g_assert_true(job_store_remove(world->store, other, "FAILED", NULL));
    expected.state = STORED_RUNNING;
    expected.attempts = 1;
    job_store_expect(world->store, &expected);
    g_assert_cmpint(load_single(world, &all)->state, ==, STORED_CLAIMING);
    g_assert_true(job_store_update(world->store, &expected, NULL));
    g_clear_pointer(&all, g_ptr_array_unref);
    g_assert_cmpuint(load_single(world, &all)->attempts, ==, 1);
    job_store_expect(world->store, record);
    expected.attempts = 2;
    g_assert_true(job_store_update(world->store, &expected, NULL));
    g_clear_pointer(&all, g_ptr_array_unref);
    g_assert_cmpuint(load_single(world, &all)->attempts, ==, 2);
    g_assert_cmpuint(count_entries(world, "jobs/one.1.100"), ==, 2);
}

static void
test_round(World *world, gconstpointer data)
{
    g_autoptr(JobRecord) record = put(world, "one");
    g_autoptr(GPtrArray) all = NULL;
    g_autofree char *folder = path_of(world, "jobs/one.1.100");
    g_autofree char *history = path_of(world, "history");
    g_autofree char *line = NULL;
    JobRecord *read;

    record->state = STORED_RUNNING;
    record->attempts = 1;
    g_assert_true(job_store_update(world->store, record, NULL));
    read = load_single(world, &all);
    g_assert_cmpint(read->state, ==, STORED_RUNNING);
    g_assert_cmpstr(read->document, ==, "{\"operation\":\"x\"}");
    details_set(record->details, DETAILS_OWN, "message", "a \"quoted\" text");
    g_assert_true(job_store_remove(world->store, record, "FAILED", NULL));
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_get_contents(history, &line, NULL, NULL));
    g_assert_nonnull(strstr(line, "\"jobId\":\"one\""));
    g_assert_nonnull(strstr(line, "\"outcome\":\"FAILED\""));
    g_assert_nonnull(strstr(line, "a \\\"quoted\\\" text"));
    g_assert_true(job_store_remove(world->store, record, "FAILED", NULL));
}

/* An offer from before its end is refused by the service, in a later life: that tells nothing. */
static void
test_history_of_what_came_late(World *world, gconstpointer data)
{
    static const char *const outcomes[] = {"NOT-CLAIMED", "FAILED", "NOT-CLAIMED", "CANCELED",
                                           "FAILED"};
    g_autofree char *history = path_of(world, "history");
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autoptr(JobRecord) record = put(world, i == 0 ? "other" : "one");
        gboolean failed = strcmp(outcomes[i], "FAILED") == 0;

        record->state = failed ? STORED_DECIDED : STORED_CLAIMING;
        record->claimed = failed;
        g_assert_true(job_store_remove(world->store, record, outcomes[i], NULL));
    }
    g_assert_true(g_file_get_contents(history, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_nonnull(strstr(lines[0], "\"other\""));
    g_assert_nonnull(strstr(lines[0], "NOT-CLAIMED"));
    g_assert_nonnull(strstr(lines[1], "FAILED"));
    g_assert_nonnull(strstr(lines[2], "FAILED"));
}

static void
test_modes(World *world, gconstpointer data)
{
    static const char *const private_things[] = {
        "", "jobs", "jobs/one.1.100", "jobs/one.1.100/record", "jobs/one.1.100/document.json"};
    job_record_free(put(world, "one"));
    for (gsize i = 0; i < G_N_ELEMENTS(private_things); i++) {
        g_autofree char *path = path_of(world, private_things[i]);
        struct stat info;

        g_assert_cmpint(stat(path, &info), ==, 0);
        g_assert_cmpuint(info.st_mode & 077, ==, 0);
    }
}

static void
test_state(World *world, gconstpointer data)
{
    g_autoptr(JobRecord) record = put(world, "one");
    g_autoptr(GBytes) state = g_bytes_new_static("a\0b", 3);
    g_autoptr(GBytes) read = NULL;

    g_assert_null(job_store_load_state(world->store, record->id));
    g_assert_true(job_store_save_state(world->store, record->id, state, NULL));
    read = job_store_load_state(world->store, record->id);
    g_assert_true(g_bytes_equal(state, read));
    g_assert_true(job_store_save_state(world->store, record->id, NULL, NULL));
    g_assert_null(job_store_load_state(world->store, record->id));
    g_assert_true(job_store_save_state(world->store, record->id, NULL, NULL));
}

typedef struct {
    const char *name;
    const char *content; /* NULL: a directory is there */
    gssize length;
} Damage;

static const Damage damages[] = {
    {"empty", "", 0},
    {"text", "hello", 5},
    {"unsealed", "[record]\nstate=running\n", -1},
    {"nul", "[record]\n\0\n", 11},
    {"directory", NULL, 0},
};

static void
test_damaged(World *world, gconstpointer data)
{
    const Damage *damage = data;
    g_autoptr(JobRecord) record = put(world, "one");
    g_autoptr(GPtrArray) all = NULL;
    g_autofree char *path = path_of(world, "jobs/one.1.100/record");
    g_autofree char *folder = path_of(world, "jobs/one.1.100");
    g_autofree char *aside = path_of(world, "damaged");
    guint damaged = 0;

    job_record_free(put(world, "two"));
    g_unlink(path);
    if (damage->content) {
        g_assert_true(g_file_set_contents(path, damage->content, damage->length, NULL));
    } else {
        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    }
    g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*moved to*");
    all = job_store_load_all(world->store);
    g_test_assert_expected_messages();
    g_assert_cmpuint(all->len, ==, 2);
    for (guint i = 0; i < all->len; i++) {
        const JobRecord *read = all->pdata[i];

        damaged += read->state == STORED_DAMAGED ? 1 : 0;
        g_assert_cmpint(read->state == STORED_DAMAGED, ==, strcmp(read->id->job_id, "one") == 0);
    }
    g_assert_cmpuint(damaged, ==, 1);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(aside, G_FILE_TEST_IS_DIR));
    g_assert_true(job_store_create(world->store, record, NULL));
}

static void
test_wrong_names(World *world, gconstpointer data)
{
    static const char *const names[] = {"x",       "one.1", "one.1.x",
                                        "a b.1.1", "..1.1", ".new-one.1.1"};
    g_autoptr(GPtrArray) all = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(world->state, "jobs", names[i], NULL);

        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*not the name of a job execution*");
    }
    all = job_store_load_all(world->store);
    g_test_assert_expected_messages();
    g_assert_cmpuint(all->len, ==, 0);
}

static void
test_unfinished_folder_is_swept(World *world, gconstpointer data)
{
    g_autofree char *folder = path_of(world, "jobs/one.1.100");
    g_autoptr(ExecutionId) id = execution_id_new("one", 1, 100);
    g_autofree char *private = job_store_private_directory(world->store, id, 0, TRUE, NULL, NULL);
    g_autoptr(GPtrArray) all = NULL;

    g_assert_true(g_str_has_prefix(private, folder));
    all = job_store_load_all(world->store);
    g_assert_cmpuint(all->len, ==, 0);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

static void
test_private_directory(World *world, gconstpointer data)
{
    g_autoptr(JobRecord) record = put(world, "one");
    g_autofree char *path =
        job_store_private_directory(world->store, record->id, 1, TRUE, NULL, NULL);
    g_autofree char *file = g_build_filename(path, "f", NULL);
    g_autofree char *kept = NULL;
    g_autofree char *fresh = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    kept = job_store_private_directory(world->store, record->id, 1, FALSE, NULL, NULL);
    g_assert_cmpstr(kept, ==, path);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    fresh = job_store_private_directory(world->store, record->id, 1, TRUE, NULL, NULL);
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_null(
        job_store_private_directory(world->store, record->id, 1, TRUE, "no-such-account", &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "no-such-account"));
}

static void
test_private_directory_of_another_account(World *world, gconstpointer data)
{
    g_autoptr(JobRecord) record = put(world, "one");
    g_autofree char *path = NULL;
    struct stat info;

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    path = job_store_private_directory(world->store, record->id, 0, TRUE, "nobody", NULL);
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_uid, !=, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0700);
    g_assert_cmpint(stat(world->state, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0711);
}

static void
test_a_failing_disk_is_told(World *world, gconstpointer data)
{
    g_autoptr(ExecutionId) id = execution_id_new("one", 1, 100);
    g_autoptr(JobRecord) record = job_record_new(id);
    g_autofree char *jobs = path_of(world, "jobs");
    g_autoptr(GError) error = NULL;

    record->document = g_strdup("{}");
    g_assert_cmpint(g_rmdir(jobs), ==, 0);
    g_assert_true(g_file_set_contents(jobs, "x", 1, NULL));
    g_assert_false(job_store_create(world->store, record, &error));
    g_assert_true(error->domain == G_FILE_ERROR);
    g_assert_nonnull(strstr(error->message, jobs));
    g_clear_error(&error);
    g_assert_false(job_store_update(world->store, record, &error));
    g_assert_true(error->domain == G_FILE_ERROR);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/store/" path, World, NULL, set_up, func, tear_down)
    ADD("expect", test_expect);
    ADD("round", test_round);
    ADD("history-of-what-came-late", test_history_of_what_came_late);
    ADD("modes", test_modes);
    ADD("state", test_state);
    ADD("wrong-names", test_wrong_names);
    ADD("unfinished-folder-is-swept", test_unfinished_folder_is_swept);
    ADD("private-directory", test_private_directory);
    ADD("private-directory-of-another-account", test_private_directory_of_another_account);
    ADD("a-failing-disk-is-told", test_a_failing_disk_is_told);
    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *path = g_strconcat("/store/damaged/", damages[i].name, NULL);

        g_test_add(path, World, &damages[i], set_up, test_damaged, tear_down);
    }
    return g_test_run();
}
