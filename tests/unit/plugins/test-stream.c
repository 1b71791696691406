/* Plugin download from a stream: every block once, whatever is lost; what is resumed and what is
 * not. */
#include "stream-service.h"
#include "stream-state.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SIZE   (300 * 4096 + 100)
#define BLOCKS 301

typedef struct {
    char *directory;
    char *target;
    char *part; /* as seen during a get */
    FakeHost *host;
} World;

static FakeHost *
host_for(const World *world, const char *more)
{
    g_autofree char *sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, service->content);
    g_autofree char *document =
        g_strdup_printf("{'operation':'download','stream':'s-1','file':3,'path':'%s',"
                        "'sha256':'%s'%s}",
                        world->target, sha256, more);
    FakeHost *host = fake_host_new("download", "download", document);

    fake_host_set(host, "directories", world->directory);
    fake_host_set(host, "retry-delay", "1ms");
    fake_host_set(host, "stream-block-size", "4096");
    stream_service_attach(host);
    return host;
}

static void
set_up(World *world, gconstpointer data)
{
    g_autofree char *directory = g_dir_make_tmp("errand-stream-XXXXXX", NULL);

    world->directory = realpath(directory, NULL);
    world->target = g_build_filename(world->directory, "file", NULL);
    stream_service_begin(SIZE);
    world->host = host_for(world, "");
}

static void
tear_down(World *world, gconstpointer data)
{
    fake_host_free(world->host);
    g_unlink(world->target);
    /* Nothing else may be left. */
    g_assert_cmpint(g_rmdir(world->directory), ==, 0);
    free(world->directory);
    g_free(world->target);
    g_free(world->part);
    stream_service_end();
}

static void
assert_whole(const World *world)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;

    g_assert_true(g_file_get_contents(world->target, &bytes, &length, NULL));
    g_assert_cmpmem(bytes, length, g_bytes_get_data(service->content, NULL), SIZE);
}

static void
test_whole(World *world, gconstpointer data)
{
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    assert_whole(world);
    g_assert_cmpuint(service->n_sent, ==, BLOCKS);
    g_assert_cmpuint(service->n_gets, ==, 10);
    g_assert_cmpint(service->format, ==, ERRAND_STREAM_CBOR);
    g_assert_cmpstr(fake_host_detail(world->host, "bytes"), ==, G_STRINGIFY(1228900));
}

static void
test_settings(World *world, gconstpointer data)
{
    fake_host_set(world->host, "stream-format", "json");
    fake_host_set(world->host, "stream-block-size", "64K");
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    assert_whole(world);
    g_assert_cmpint(service->format, ==, ERRAND_STREAM_JSON);
    g_assert_cmpuint(service->block_size, ==, 65536);
}

static void
test_lost_blocks(World *world, gconstpointer data)
{
    service->lose_every = 3;
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    assert_whole(world);
    g_assert_cmpuint(service->n_sent, ==, BLOCKS);
}

static void
test_what_may_pass(World *world, gconstpointer data)
{
    static const int32_t errors[] = {-ETIMEDOUT, -EIO, -EBUSY, 0};

    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++) {
        service->describe_errors = errors[i] != 0 ? 3 : 0;
        service->describe_error = errors[i];
        service->get_errors = 3;
        service->get_error = errors[i];
        service->n_sent = 0;
        fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
        assert_whole(world);
        g_assert_cmpuint(service->n_sent, ==, BLOCKS);
    }
}

static void
test_what_does_not_pass(World *world, gconstpointer data)
{
    static const struct {
        int32_t error;
        const char *word;
        guint tries;
    } cases[] = {
        {-ENOENT, "download-failed", 1},  {-EACCES, "not-allowed", 1},
        {-ENOTSUP, "download-failed", 1}, {-EINVAL, "download-failed", 1},
        {-ESTALE, "download-failed", 2},  {-EIO, "download-failed", 8},
        {0, "download-failed", 8},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        service->n_gets = 0;
        service->get_errors = G_MAXINT;
        service->get_error = cases[i].error;
        fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, cases[i].word);
        g_assert_cmpuint(service->n_gets, ==, cases[i].tries);
        if (cases[i].error == 0)
            continue;
        service->describe_errors = G_MAXINT;
        service->describe_error = cases[i].error;
        fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, cases[i].word);
        service->describe_errors = 0;
    }
}

static void
test_no_streams(World *world, gconstpointer data)
{
    world->host->host.struct_size = offsetof(errand_host, stream_describe);
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, "download-failed");
    g_assert_nonnull(strstr(world->host->message, "an errand that knows them"));
}

static void
test_another_file(World *world, gconstpointer data)
{
    static const struct {
        const char *document, *word;
    } cases[] = {
        {"{'operation':'download','stream':'s-2','file':3,'path':'%s'}", "download-failed"},
        {"{'operation':'download','stream':'s-1','file':4,'path':'%s'}", "download-failed"},
        {"{'operation':'download','stream':'s-1','file':3,'path':'%s','size':7}",
         "checksum-mismatch"},
        {"{'operation':'download','stream':'s-1','file':3,'path':'%s','sha256':"
         "'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'}",
         "checksum-mismatch"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GString *document = g_string_new(cases[i].document);

        g_string_replace(document, "%s", world->target, 0);
        fake_host_set_document(world->host, document->str);
        fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, cases[i].word);
        g_string_free(document, TRUE);
    }
}

static void
test_documents(World *world, gconstpointer data)
{
    static const char *const bad[] = {
        "'stream':'s-1'",
        "'file':3",
        "'stream':'s-1','file':3,'url':'https://a/b'",
        "'stream':'s-1','file':256",
        "'stream':'s-1','file':-1",
        "'stream':'s-1','file':'3'",
        "'stream':'s/1','file':3",
        "'stream':'','file':3",
        "'stream':7,'file':3",
    };
    g_autofree char *directory = g_strdup_printf(
        "{'operation':'download','stream':'s-1','file':3,'path':'%s/'}", world->directory);

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *document =
            g_strdup_printf("{'operation':'download',%s,'path':'%s'}", bad[i], world->target);

        fake_host_set_document(world->host, document);
        fake_host_assert(world->host, fake_host_check(world->host), ERRAND_REJECTED,
                         "invalid-document");
    }
    fake_host_set_document(world->host, directory);
    fake_host_assert(world->host, fake_host_check(world->host), ERRAND_REJECTED,
                     "invalid-document");
    g_assert_cmpuint(service->n_described + service->n_gets, ==, 0);
}

static void
cancel_now(gpointer data)
{
    if (service->n_gets == 3)
        fake_host_cancel(data);
}

static void
test_cancel(World *world, gconstpointer data)
{
    service->on_get = cancel_now;
    service->data = world->host;
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_CANCELLED, NULL);
    g_assert_cmpuint(service->n_sent, ==, 64);
}

static void
change_now(gpointer data)
{
    if (service->n_gets == 3)
        service->version++;
}

static void
test_a_new_version_midway(World *world, gconstpointer data)
{
    service->on_get = change_now;
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    assert_whole(world);
    g_assert_cmpuint(service->n_sent, ==, 64 + BLOCKS);
    g_assert_cmpuint(service->n_described, ==, 2);
}

/* ---- After an interruption ---- */

static void
note_part(gpointer data)
{
    World *world = data;
    g_autoptr(GDir) directory = g_dir_open(world->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(directory)) != NULL)
        if (g_str_has_suffix(name, ".part")) {
            g_free(world->part);
            world->part = g_build_filename(world->directory, name, NULL);
        }
}

static int
catch_state(void *data, const void *state, size_t length)
{
    FakeHost *host = data;

    g_clear_pointer(&host->state, g_bytes_unref);
    host->state = g_bytes_new(state, length);
    return 0;
}

/* As if a run had been killed that has every second block of the file. */
static void
interrupt(World *world)
{
    Fetch fetch = {.stream = "s-1", .stream_file = 3, .save = catch_state, .data = world->host};
    Transfer transfer = {.job = &world->host->job, .fetch = &fetch, .fetched = 150 * 4096};
    g_autofree StreamState *state = g_new0(StreamState, 1);
    g_autofree char *bytes = g_malloc0(SIZE);
    const char *content = g_bytes_get_data(service->content, NULL);

    service->on_get = note_part;
    service->data = world;
    service->get_errors = 1;
    service->get_error = -EINVAL;
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_FAILED, "download-failed");
    service->on_get = NULL;
    stream_state_begin(state, 1, SIZE, 4096);
    for (guint i = 1; i < BLOCKS; i += 2) {
        memcpy(bytes + (gsize)i * 4096, content + (gsize)i * 4096, 4096);
        stream_state_take(state, i);
    }
    g_assert_cmpint(stream_state_save(&transfer, state), ==, 0);
    g_assert_true(g_file_set_contents(world->part, bytes, SIZE, NULL));
    g_assert_cmpint(g_chmod(world->part, 0600), ==, 0);
    world->host->start = ERRAND_START_INTERRUPTED;
}

static void
resume(World *world, guint sent)
{
    fake_host_assert(world->host, fake_host_run(world->host), ERRAND_SUCCEEDED, NULL);
    assert_whole(world);
    g_assert_cmpuint(service->n_sent, ==, sent);
}

static void
test_resume(World *world, gconstpointer data)
{
    interrupt(world);
    resume(world, 151);
    for (guint i = 0; i < BLOCKS; i++)
        g_assert_cmpint(service->sent[i], ==, i % 2 == 0);
}

static void
test_resume_with_another_block_size(World *world, gconstpointer data)
{
    interrupt(world);
    fake_host_set(world->host, "stream-block-size", "64K");
    resume(world, 151);
    g_assert_cmpuint(service->block_size, ==, 4096);
}

static void
test_no_resume(World *world, gconstpointer data)
{
    g_autoptr(GBytes) cut = NULL;

    /* another version */
    interrupt(world);
    service->version = 2;
    resume(world, BLOCKS);
    /* no part file */
    service->version = 1;
    interrupt(world);
    g_unlink(world->part);
    resume(world, 2 * BLOCKS);
    /* state that is not ours */
    interrupt(world);
    cut = g_bytes_new_from_bytes(world->host->state, 0, 100);
    catch_state(world->host, g_bytes_get_data(cut, NULL), 100);
    resume(world, 3 * BLOCKS);
    /* a first run */
    interrupt(world);
    world->host->start = ERRAND_START_FIRST;
    resume(world, 4 * BLOCKS);
}

/* What was on disk is not what the state says: once more, whole. */
static void
test_damaged_part(World *world, gconstpointer data)
{
    interrupt(world);
    g_assert_true(g_file_set_contents(world->part, "short", 5, NULL));
    resume(world, 151 + BLOCKS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/stream/" path, World, NULL, set_up, func, tear_down)
    ADD("whole", test_whole);
    ADD("settings", test_settings);
    ADD("lost-blocks", test_lost_blocks);
    ADD("what-may-pass", test_what_may_pass);
    ADD("what-does-not-pass", test_what_does_not_pass);
    ADD("no-streams", test_no_streams);
    ADD("another-file", test_another_file);
    ADD("documents", test_documents);
    ADD("cancel", test_cancel);
    ADD("a-new-version-midway", test_a_new_version_midway);
    ADD("resume", test_resume);
    ADD("resume-with-another-block-size", test_resume_with_another_block_size);
    ADD("no-resume", test_no_resume);
    ADD("damaged-part", test_damaged_part);
    return g_test_run();
}
