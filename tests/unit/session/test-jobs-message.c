#include "jobs-message.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define EXECUTION(status)                                                                          \
    "{\"jobId\":\"jobA\",\"status\":\"" status                                                     \
    "\",\"queuedAt\":1700000000,\"lastUpdatedAt\":1700000001,\"versionNumber\":2,"                 \
    "\"executionNumber\":3,\"jobDocument\":{\"op\":\"a\"}}"

static JobsMessage *
parse(TopicKind kind, gboolean accepted, const char *text, GError **error)
{
    Topic topic = {.kind = kind, .accepted = accepted, .job_id = "jobA"};

    return jobs_message_parse(&topic, "gw-1", text, strlen(text), error);
}

static JobsMessage *
parse_good(TopicKind kind, const char *text)
{
    g_autoptr(GError) error = NULL;
    JobsMessage *message = parse(kind, TRUE, text, &error);

    g_assert_no_error(error);
    g_assert_nonnull(message);
    return message;
}

static void
test_lists(void)
{
    g_autoptr(JobsMessage) empty =
        parse_good(TOPIC_LIST, "{\"inProgressJobs\":[],\"queuedJobs\":[],\"timestamp\":1700000000,"
                               "\"clientToken\":\"c1\"}");
    g_autoptr(JobsMessage) list = parse_good(
        TOPIC_LIST,
        "{\"inProgressJobs\":[{\"jobId\":\"a\",\"queuedAt\":1,\"executionNumber\":1}],"
        "\"queuedJobs\":[{\"jobId\":\"b\",\"queuedAt\":2.9,\"executionNumber\":7},"
        "{\"jobId\":\"no number\"},17,{\"jobId\":\"c\",\"queuedAt\":3,\"executionNumber\":1}]}");

    g_assert_cmpuint(empty->pending->len, ==, 0);
    g_assert_cmpstr(empty->token, ==, "c1");
    g_assert_cmpint(empty->timestamp, ==, 1700000000);
    g_assert_cmpuint(list->pending->len, ==, 3);
    g_assert_true(((JobsPending *)list->pending->pdata[0])->in_progress);
    g_assert_false(((JobsPending *)list->pending->pdata[1])->in_progress);
    g_assert_cmpstr(((JobsPending *)list->pending->pdata[1])->id->job_id, ==, "b");
    g_assert_cmpint(((JobsPending *)list->pending->pdata[1])->id->queued_at, ==, 2);
    g_assert_cmpint(((JobsPending *)list->pending->pdata[1])->id->number, ==, 7);
    g_assert_cmpstr(((JobsPending *)list->pending->pdata[2])->id->job_id, ==, "c");
}

static void
test_notify(void)
{
    g_autoptr(JobsMessage) some = parse_good(
        TOPIC_NOTIFY, "{\"timestamp\":5,\"jobs\":{\"QUEUED\":[{\"jobId\":\"a\",\"queuedAt\":1,"
                      "\"lastUpdatedAt\":1,\"versionNumber\":1,\"executionNumber\":1}]}}");
    g_autoptr(JobsMessage) none = parse_good(TOPIC_NOTIFY, "{\"timestamp\":5,\"jobs\":{}}");
    g_autoptr(JobsMessage) odd = parse_good(TOPIC_NOTIFY, "{\"jobs\":{\"QUEUED\":[]}}");
    g_autoptr(JobsMessage) bare = parse_good(TOPIC_NOTIFY, "{}");

    g_assert_cmpuint(some->pending->len, ==, 1);
    g_assert_cmpuint(none->pending->len, ==, 0);
    g_assert_cmpuint(odd->pending->len, ==, 0);
    g_assert_null(bare->pending);
}

static void
test_execution(void)
{
    g_autoptr(JobsMessage) message = parse_good(
        TOPIC_NEXT,
        "{\"execution\":{\"jobId\":\"jobA\",\"status\":\"IN_PROGRESS\",\"statusDetails\":"
        "{\"step\":\"1\",\"bad\":5},\"queuedAt\":1700000000,\"startedAt\":1,\"lastUpdatedAt\":1,"
        "\"versionNumber\":4,\"executionNumber\":2,\"approximateSecondsBeforeTimedOut\":55,"
        "\"jobDocument\":{\"op\":\"a\",\"n\":12345678901234,\"u\":\"\\u00e9/x\"},\"new\":[]},"
        "\"timestamp\":1,\"clientToken\":\"\\u00e9\\ud83d\\ude00\\\"\\\\\"}");
    const JobsExecution *execution = message->execution;

    g_assert_nonnull(execution);
    g_assert_cmpstr(execution->id->job_id, ==, "jobA");
    g_assert_cmpint(execution->id->number, ==, 2);
    g_assert_cmpint(execution->id->queued_at, ==, 1700000000);
    g_assert_cmpint(execution->status, ==, EXECUTION_IN_PROGRESS);
    g_assert_cmpint(execution->version, ==, 4);
    g_assert_cmpint(execution->seconds_left, ==, 55);
    g_assert_cmpuint(g_hash_table_size(execution->details), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(execution->details, "step"), ==, "1");
    g_assert_cmpstr(execution->document, ==,
                    "{\"op\":\"a\",\"n\":12345678901234,\"u\":\"\\u00e9/x\"}");
    g_assert_cmpstr(message->token, ==, "é😀\"\\");
}

static void
test_nothing_pending(void)
{
    static const char *const cases[] = {
        "",
        "{}",
        "{\"timestamp\":1700000000}",
        "{\"execution\":null}",
        "{\"execution\":{}}",
        "{\"timestamp\":\"soon\",\"execution\":{},\"more\":[1,{}]}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JobsMessage) next = parse_good(TOPIC_NEXT, cases[i]);
        g_autoptr(JobsMessage) notified = parse_good(TOPIC_NOTIFY_NEXT, cases[i]);
        g_assert_null(next->execution);
        g_assert_null(notified->execution);
    }
}

static void
test_bad_content(void)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"{\"execution\":[]}", JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":\"x\"}", JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"status\":\"QUEUED\",\"queuedAt\":1,\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":7,\"status\":\"QUEUED\",\"queuedAt\":1,\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"../x\",\"status\":\"QUEUED\",\"queuedAt\":1,"
         "\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"queuedAt\":1,\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"status\":\"queued\",\"queuedAt\":1,"
         "\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\",\"queuedAt\":\"1\","
         "\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\",\"queuedAt\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\",\"queuedAt\":1,"
         "\"executionNumber\":-4}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"{\"execution\":{\"jobId\":\"a\",\"thingName\":\"gw-2\",\"status\":\"QUEUED\","
         "\"queuedAt\":1,\"executionNumber\":1}}",
         JOBS_MESSAGE_ERROR_CONTENT},
        {"[]", JOBS_MESSAGE_ERROR_SYNTAX},
        {"7", JOBS_MESSAGE_ERROR_SYNTAX},
        {"null", JOBS_MESSAGE_ERROR_SYNTAX},
        {"{\"execution\":", JOBS_MESSAGE_ERROR_SYNTAX},
        {"{\"a\":\"\xff\xfe\"}", JOBS_MESSAGE_ERROR_SYNTAX},
        {"hello", JOBS_MESSAGE_ERROR_SYNTAX},
        {"   ", JOBS_MESSAGE_ERROR_SYNTAX},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("case %u", i);
        g_assert_null(parse(TOPIC_NOTIFY_NEXT, FALSE, cases[i].text, &error));
        g_assert_error(error, JOBS_MESSAGE_ERROR, cases[i].code);
    }
}

static void
test_wrong_job(void)
{
    g_autoptr(GError) error = NULL;
    Topic topic = {.kind = TOPIC_DESCRIBE, .accepted = TRUE, .job_id = "jobB"};
    const char *text = "{\"execution\":" EXECUTION("QUEUED") "}";

    g_assert_null(jobs_message_parse(&topic, "gw-1", text, strlen(text), &error));
    g_assert_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_CONTENT);
}

/* What users wrote is neither changed nor does it make the message unreadable. */
static void
test_documents_as_they_came(void)
{
    static const char *const documents[] = {
        "{}",
        "null",
        "\"text\"",
        "{\"a\":\"x\\u0000y\"}",
        "{\"a\":18446744073709551617}",
        "{\"a\":1e-8}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\ud800\"}",
        "{ \"jobDocument\" : \"}\\\"{\" , \"execution\":[] }",
        "[1,}",
        "{'a':/* */1}",
    };
    g_autofree char *open = g_strnfill(50000, '[');
    g_autofree char *shut = g_strnfill(50000, ']');
    g_autofree char *deep = g_strconcat(open, shut, NULL);

    for (guint i = 0; i <= G_N_ELEMENTS(documents); i++) {
        const char *document = i < G_N_ELEMENTS(documents) ? documents[i] : deep;
        g_autofree char *text = g_strdup_printf(
            "{\"execution\":{\"jobDocument\" : %s ,\"jobId\":\"jobA\",\"status\":\"QUEUED\","
            "\"queuedAt\":7,\"executionNumber\":1},\"timestamp\":1}",
            document);

        g_autoptr(JobsMessage) message = parse_good(TOPIC_NEXT, text);
        g_assert_cmpstr(message->execution->document, ==, document);
        g_assert_cmpint(message->execution->id->queued_at, ==, 7);
    }
}

static void
test_limits(void)
{
    g_autofree char *big = g_strnfill(JOBS_MESSAGE_SIZE_MAX + 1, ' ');
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autoptr(GString) fits = g_string_new("{\"more\":");
    g_autoptr(GString) over = g_string_new("{\"more\":");
    Topic topic = {.kind = TOPIC_UPDATE, .accepted = TRUE, .job_id = "a"};

    for (guint i = 0; i < JOBS_MESSAGE_DEPTH_MAX; i++) {
        g_string_append(i < JOBS_MESSAGE_DEPTH_MAX - 1 ? fits : over, "[");
        if (i < JOBS_MESSAGE_DEPTH_MAX - 1)
            g_string_append(over, "[");
    }
    for (guint i = 0; i < JOBS_MESSAGE_DEPTH_MAX; i++) {
        g_string_append(i < JOBS_MESSAGE_DEPTH_MAX - 1 ? fits : over, "]");
        if (i < JOBS_MESSAGE_DEPTH_MAX - 1)
            g_string_append(over, "]");
    }
    g_string_append(fits, "}");
    g_string_append(over, "}");

    g_autoptr(GError) error = NULL;
    g_assert_null(jobs_message_parse(&topic, "gw-1", big, JOBS_MESSAGE_SIZE_MAX + 1, &error));
    g_assert_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SIZE);
    g_clear_error(&error);
    g_assert_null(jobs_message_parse(&topic, "gw-1", deep, 100000, &error));
    g_assert_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX);
    g_clear_error(&error);
    g_assert_null(jobs_message_parse(&topic, "gw-1", over->str, over->len, &error));
    g_assert_error(error, JOBS_MESSAGE_ERROR, JOBS_MESSAGE_ERROR_SYNTAX);
    g_autoptr(JobsMessage) good = parse_good(TOPIC_UPDATE, fits->str);
    g_assert_nonnull(good);
    /* Brackets in strings do not nest. */
    g_autoptr(JobsMessage) text = parse_good(
        TOPIC_UPDATE, "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                      "[[[[[[[[\\\"[[[[\\\\\"}");
    g_assert_nonnull(text);
}

static void
test_secrets_stay_out_of_errors(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(parse(TOPIC_NEXT, TRUE,
                        "{\"url\":\"https://h/x?X-Amz-Signature=secret\" secret }", &error));
    g_assert_nonnull(error);
    g_assert_null(strstr(error->message, "secret"));
}

static void
test_refusals(void)
{
    static const struct {
        const char *word;
        JobsRefusal refusal;
        gboolean passing;
    } cases[] = {
        {"InvalidTopic", JOBS_REFUSAL_INVALID_TOPIC, FALSE},
        {"InvalidJson", JOBS_REFUSAL_INVALID_JSON, FALSE},
        {"InvalidRequest", JOBS_REFUSAL_INVALID_REQUEST, FALSE},
        {"InvalidStateTransition", JOBS_REFUSAL_INVALID_STATE_TRANSITION, FALSE},
        {"ResourceNotFound", JOBS_REFUSAL_RESOURCE_NOT_FOUND, FALSE},
        {"VersionMismatch", JOBS_REFUSAL_VERSION_MISMATCH, FALSE},
        {"TerminalStateReached", JOBS_REFUSAL_TERMINAL_STATE_REACHED, FALSE},
        {"RequestThrottled", JOBS_REFUSAL_REQUEST_THROTTLED, TRUE},
        {"InternalError", JOBS_REFUSAL_INTERNAL_ERROR, TRUE},
        {"SomethingNew", JOBS_REFUSAL_UNKNOWN, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"code\":\"%s\",\"message\":\"see https://h/p?secret=1\",\"clientToken\":\"c\"}",
            cases[i].word);
        g_autoptr(JobsMessage) message = parse(TOPIC_UPDATE, FALSE, text, NULL);
        g_assert_cmpint(message->refusal, ==, cases[i].refusal);
        g_assert_cmpint(jobs_refusal_is_passing(message->refusal), ==, cases[i].passing);
        g_assert_null(strstr(message->text, "secret"));
        g_assert_false(message->has_state);
    }
    g_autoptr(JobsMessage) odd = parse(TOPIC_UPDATE, FALSE, "{\"code\":12}", NULL);
    g_assert_cmpint(odd->refusal, ==, JOBS_REFUSAL_UNKNOWN);
    g_autoptr(JobsMessage) state =
        parse(TOPIC_UPDATE, FALSE,
              "{\"code\":\"VersionMismatch\",\"executionState\":{\"status\":\"CANCELED\","
              "\"versionNumber\":1}}",
              NULL);
    g_assert_true(state->has_state);
    g_assert_cmpint(state->state, ==, EXECUTION_CANCELED);
}

static JsonObject *
read_back(JsonParser *parser, const char *text)
{
    g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    return json_node_get_object(json_parser_get_root(parser));
}

static void
test_update_body(void)
{
    g_autoptr(ExecutionId) id = execution_id_new("a", 4, 1);
    g_autoptr(Details) details = details_new();
    g_autoptr(JsonParser) parser = json_parser_new();
    JobsUpdate update = {.id = id, .status = EXECUTION_IN_PROGRESS, .details = details};

    details_set(details, DETAILS_OWN, "step", "1/2 \"x\"");
    update.step_timeout_minutes = 7;
    update.include_document = TRUE;
    g_autofree char *full = jobs_message_update("tok-1", &update);
    JsonObject *object = read_back(parser, full);
    g_assert_cmpstr(json_object_get_string_member(object, "status"), ==, "IN_PROGRESS");
    g_assert_cmpstr(json_object_get_string_member(object, "clientToken"), ==, "tok-1");
    g_assert_cmpint(json_object_get_int_member(object, "executionNumber"), ==, 4);
    g_assert_cmpint(json_object_get_int_member(object, "stepTimeoutInMinutes"), ==, 7);
    g_assert_true(json_object_get_boolean_member(object, "includeJobDocument"));
    g_assert_false(json_object_has_member(object, "expectedVersion"));
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(object, "statusDetails"), "step"),
                    ==, "1/2 \"x\"");

    update = (JobsUpdate){.id = id, .status = EXECUTION_SUCCEEDED};
    g_autofree char *bare = jobs_message_update("tok-2", &update);
    object = read_back(parser, bare);
    g_assert_cmpuint(json_object_get_size(object), ==, 3);
    g_assert_cmpstr(json_object_get_string_member(object, "status"), ==, "SUCCEEDED");
}

static void
test_other_bodies(void)
{
    g_autofree char *list = jobs_message_list("t");
    g_autofree char *next = jobs_message_describe("t", 0, TRUE);
    g_autofree char *watch = jobs_message_describe("t", 2, FALSE);
    g_autofree char *start = jobs_message_start_next("t", "k", "v");

    g_assert_cmpstr(list, ==, "{\"clientToken\":\"t\"}");
    g_assert_cmpstr(next, ==, "{\"clientToken\":\"t\",\"includeJobDocument\":true}");
    g_assert_cmpstr(watch, ==,
                    "{\"clientToken\":\"t\",\"executionNumber\":2,\"includeJobDocument\":false}");
    g_assert_cmpstr(start, ==, "{\"clientToken\":\"t\",\"statusDetails\":{\"k\":\"v\"}}");
}

/* The corpus of the fuzz target: whatever it holds, nothing may crash. */
static void
test_corpus(void)
{
    g_autofree char *path = g_strdup(JOBS_MESSAGE_CORPUS);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    guint count = 0;

    g_assert_nonnull(directory);
    for (const char *name = g_dir_read_name(directory); name != NULL;
         name = g_dir_read_name(directory)) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length = 0;
        g_assert_true(g_file_get_contents(file, &bytes, &length, NULL));
        for (guint kind = 0; kind <= TOPIC_NOTIFY_NEXT * 2u + 1; kind++) {
            Topic topic = {.kind = (TopicKind)(kind / 2), .accepted = kind % 2, .job_id = "jobA"};
            g_autoptr(JobsMessage) message =
                jobs_message_parse(&topic, "gw-1", bytes, length, NULL);
            (void)message;
        }
        count++;
    }
    g_assert_cmpuint(count, >, 5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jobs-message/lists", test_lists);
    g_test_add_func("/jobs-message/notify", test_notify);
    g_test_add_func("/jobs-message/execution", test_execution);
    g_test_add_func("/jobs-message/nothing-pending", test_nothing_pending);
    g_test_add_func("/jobs-message/bad-content", test_bad_content);
    g_test_add_func("/jobs-message/wrong-job", test_wrong_job);
    g_test_add_func("/jobs-message/limits", test_limits);
    g_test_add_func("/jobs-message/documents-as-they-came", test_documents_as_they_came);
    g_test_add_func("/jobs-message/secrets", test_secrets_stay_out_of_errors);
    g_test_add_func("/jobs-message/refusals", test_refusals);
    g_test_add_func("/jobs-message/update-body", test_update_body);
    g_test_add_func("/jobs-message/other-bodies", test_other_bodies);
    g_test_add_func("/jobs-message/corpus", test_corpus);
    return g_test_run();
}
