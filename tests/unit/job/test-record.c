#include "job-record.h"

#include <glib.h>
#include <string.h>

static JobRecord *
make(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("job-1", 7, 1700000000);
    JobRecord *record = job_record_new(id);

    record->state = STORED_REBOOTING;
    record->step = 2;
    record->attempts = 1;
    record->reboots = 3;
    record->runner = (SurvivorsOf){4711, 815, 12345678901, 42};
    record->resumable = TRUE;
    record->claimed = TRUE;
    record->cleanup = g_intern_string("firmware");
    record->boot_id = g_strdup("0f3a");
    record->failed_steps = g_strdup("a; b = [c]\\n");
    record->status = EXECUTION_REJECTED;
    record->document = g_strdup("{\"operation\":\"x\"}");
    details_set(record->details, DETAILS_OWN, "reason", "no-space");
    details_set(record->details, DETAILS_OWN, "message", "  spaces; a = b # [x] \\ \xc3\xa9");
    details_set(record->details, DETAILS_PLUGIN, "my:key-_1", "value");
    return record;
}

static JobRecord *
blank(const char *document)
{
    g_autoptr(ExecutionId) id = execution_id_new("job-1", 7, 1700000000);
    JobRecord *record = job_record_new(id);

    record->document = g_strdup(document);
    return record;
}

static void
test_what_is_written_is_read(void)
{
    g_autoptr(JobRecord) record = make();
    g_autoptr(JobRecord) read = blank(record->document);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    g_assert_true(job_record_from_text(read, text, length, &error));
    g_assert_no_error(error);
    g_assert_true(execution_id_equal(record->id, read->id));
    g_assert_cmpint(read->state, ==, STORED_REBOOTING);
    g_assert_cmpuint(read->step, ==, 2);
    g_assert_cmpuint(read->attempts, ==, 1);
    g_assert_cmpuint(read->reboots, ==, 3);
    g_assert_cmpint(read->runner.group, ==, 4711);
    g_assert_cmpint(read->runner.session, ==, 815);
    g_assert_cmpuint(read->runner.group_start, ==, 12345678901);
    g_assert_cmpuint(read->runner.session_start, ==, 42);
    g_assert_true(read->resumable);
    g_assert_true(read->claimed);
    g_assert_cmpstr(read->cleanup, ==, "firmware");
    g_assert_cmpstr(read->boot_id, ==, "0f3a");
    g_assert_cmpstr(read->failed_steps, ==, record->failed_steps);
    g_assert_cmpint(read->status, ==, EXECUTION_REJECTED);
    g_assert_cmpstr(read->document, ==, record->document);
    g_assert_cmpstr(details_get(read->details, "reason"), ==, "no-space");
    g_assert_cmpstr(details_get(read->details, "message"), ==,
                    details_get(record->details, "message"));
    g_assert_cmpstr(details_get(read->details, "my:key-_1"), ==, "value");
    /* Whose a pair is was kept, too: a plugin may replace its own only. */
    g_assert_false(details_set(read->details, DETAILS_PLUGIN, "reason", "other"));
    g_assert_true(details_set(read->details, DETAILS_PLUGIN, "my:key-_1", "other"));
}

static void
test_a_changed_document_is_dropped(void)
{
    g_autoptr(JobRecord) record = make();
    g_autoptr(JobRecord) read = blank("{\"operation\":\"y\"}");
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    g_assert_true(job_record_from_text(read, text, length, NULL));
    g_assert_null(read->document);
    g_assert_cmpint(read->state, ==, STORED_REBOOTING);
}

static void
expect_refused(const char *text, gsize length)
{
    g_autoptr(JobRecord) read = blank(NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(job_record_from_text(read, text, length, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_assert_cmpint(read->state, ==, STORED_CLAIMING);
}

static void
test_every_cut_is_noticed(void)
{
    g_autoptr(JobRecord) record = make();
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    for (gsize i = 0; i < length; i++) {
        expect_refused(text, i);
    }
}

static void
test_every_flipped_bit_is_noticed(void)
{
    g_autoptr(JobRecord) record = make();
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    for (gsize i = 0; i < length * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
        expect_refused(text, length);
        text[i / 8] = (char)(text[i / 8] ^ (1 << (i % 8)));
    }
}

/* No version writes that; the daemon must not look for the operation all the same. */
static void
test_an_end_without_its_clean_up_is_refused(void)
{
    g_autoptr(JobRecord) record = make();
    g_autoptr(JobRecord) read = blank(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize length = 0;

    record->state = STORED_ENDING;
    record->cleanup = NULL;
    text = job_record_to_text(record, &length);
    g_assert_false(job_record_from_text(read, text, length, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
}

static void
test_another_jobs_record_is_refused(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("job-1", 8, 1700000000);
    g_autoptr(JobRecord) other = job_record_new(id);
    g_autoptr(JobRecord) record = make();
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    g_assert_false(job_record_from_text(other, text, length, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/what-is-written-is-read", test_what_is_written_is_read);
    g_test_add_func("/record/a-changed-document-is-dropped", test_a_changed_document_is_dropped);
    g_test_add_func("/record/every-cut-is-noticed", test_every_cut_is_noticed);
    g_test_add_func("/record/every-flipped-bit-is-noticed", test_every_flipped_bit_is_noticed);
    g_test_add_func("/record/an-end-without-its-clean-up-is-refused",
                    test_an_end_without_its_clean_up_is_refused);
    g_test_add_func("/record/another-jobs-record-is-refused", test_another_jobs_record_is_refused);
    return g_test_run();
}
