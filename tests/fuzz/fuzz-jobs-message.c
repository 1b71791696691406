/* The first byte chooses the topic, the rest is the payload. */
#include "fuzz.h"
#include "jobs-message.h"

static void
check_id(const ExecutionId *id)
{
    g_assert_true(execution_job_id_valid(id->job_id));
    g_assert_cmpint(id->number, >=, 0);
}

static void
check_execution(const JobsExecution *execution)
{
    GHashTableIter iter;
    gpointer name, value;

    check_id(execution->id);
    g_assert_true(execution->document == NULL || g_utf8_validate(execution->document, -1, NULL));
    g_assert_cmpuint(g_hash_table_size(execution->details), <=, DETAILS_PAIRS_MAX);
    g_hash_table_iter_init(&iter, execution->details);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_assert_cmpuint(strlen(name), <=, DETAILS_KEY_MAX);
        g_assert_true(g_utf8_validate(value, -1, NULL));
    }
}

static void
check_message(const JobsMessage *message, const Topic *topic)
{
    gboolean refused = !topic->accepted && topic->kind < TOPIC_NOTIFY;

    g_assert_true(refused == (message->refusal != JOBS_REFUSAL_NONE));
    g_assert_true(message->token == NULL || strlen(message->token) <= JOBS_MESSAGE_TOKEN_MAX);
    if (message->text != NULL)
        g_assert_null(strpbrk(message->text, "\r\n\t\033"));
    if (message->execution != NULL)
        check_execution(message->execution);
    for (guint i = 0; message->pending != NULL && i < message->pending->len; i++)
        check_id(((const JobsPending *)message->pending->pdata[i])->id);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;

    if (size == 0)
        return 0;
    Topic topic = {
        .kind = (TopicKind)((data[0] >> 1) % (TOPIC_NOTIFY_NEXT + 1)),
        .accepted = data[0] & 1,
        .job_id = "jobA",
    };
    g_autoptr(JobsMessage) message = jobs_message_parse(&topic, "gw-1", data + 1, size - 1, &error);

    fuzz_check_error(message != NULL, error);
    if (message != NULL)
        check_message(message, &topic);
    return 0;
}
