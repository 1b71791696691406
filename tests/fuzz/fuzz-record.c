/* Job records, both ways: any bytes under a good seal (without one the checksum refuses all), and a
 * record with any content, which must come back as it was. Names of job folders, too. */
#include "fuzz.h"
#include "job-record.h"
#include "text.h"

#define SEAL "#sha256="

static const char *const document = "{\"operation\":\"reboot\"}";

static JobRecord *
new_record(void)
{
    const ExecutionId id = {.job_id = (char *)"job-1", .number = 1, .queued_at = 1700000000};
    JobRecord *record = job_record_new(&id);

    record->document = g_strdup(document);
    return record;
}

static void
compare(const JobRecord *a, const JobRecord *b)
{
    gsize length_a = 0;
    gsize length_b = 0;
    g_autofree char *text_a = job_record_to_text(a, &length_a);
    g_autofree char *text_b = job_record_to_text(b, &length_b);

    g_assert_cmpmem(text_a, length_a, text_b, length_b);
}

static void
check_loaded(const JobRecord *record)
{
    g_autoptr(JobRecord) again = new_record();
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = job_record_to_text(record, &length);

    g_assert_cmpint(record->state, !=, STORED_DAMAGED);
    g_assert_true(record->document == NULL || strcmp(record->document, document) == 0);
    g_assert_cmpuint(length, <=, JOB_RECORD_SIZE_MAX);
    g_assert_true(job_record_from_text(again, text, length, &error));
    g_assert_no_error(error);
    compare(record, again);
}

static void
read_text(const char *text, gsize length)
{
    g_autoptr(JobRecord) record = new_record();
    g_autoptr(JobRecord) untouched = new_record();
    g_autoptr(GError) error = NULL;
    gboolean done = job_record_from_text(record, text, length, &error);

    fuzz_check_error(done, error);
    if (done)
        check_loaded(record);
    else
        compare(record, untouched);
}

static void
read_sealed(const uint8_t *data, size_t size)
{
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, size);
    g_autoptr(GString) text = g_string_new_len((const char *)data, (gssize)size);

    g_string_append_printf(text, SEAL "%s\n", digest);
    read_text(text->str, text->len);
}

/* The lines of the text as the members of a record. */
static void
write_and_read(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", 100);
    g_autoptr(JobRecord) record = new_record();
    guint count = g_strv_length(lines);

    record->state = (StoredState)(STORED_CLAIMING + count % STORED_DECIDED);
    record->cleanup = record->state == STORED_ENDING || count % 2 ? "firmware" : NULL;
    record->step = count;
    record->claimed = count % 2;
    record->boot_id = count > 0 ? text_clean(lines[0], -1, 64, FALSE) : NULL;
    record->failed_steps = count > 1 ? text_clean(lines[1], -1, 1000, FALSE) : NULL;
    /* Errand's own first, as they are read back in that order. */
    for (guint i = 2; i + 1 < count; i += 4)
        details_set(record->details, DETAILS_OWN, lines[i], lines[i + 1]);
    for (guint i = 4; i + 1 < count; i += 4)
        details_set(record->details, DETAILS_PLUGIN, lines[i], lines[i + 1]);
    check_loaded(record);
}

static void
check_name(const char *name)
{
    g_autoptr(ExecutionId) id = execution_id_from_name(name);
    g_autofree char *again = id != NULL ? execution_id_to_name(id) : NULL;

    if (id == NULL)
        return;
    g_assert_true(execution_job_id_valid(id->job_id));
    g_assert_cmpstr(again, ==, name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_string(data, size);

    read_text((const char *)data, size);
    read_sealed(data, size);
    write_and_read(text);
    check_name(text);
    return 0;
}
