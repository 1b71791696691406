/* Any bytes as a topic, and behind the prefix of this thing: what is recognised is exactly what
 * would be written. */
#include "fuzz.h"
#include "topics.h"

#define THING  "gw-1"
#define PREFIX "$aws/things/" THING "/jobs/"

static void
check(const char *name)
{
    Topic topic = {0};
    g_autofree char *request = NULL;
    g_autofree char *expected = NULL;
    gboolean notification;

    if (!topics_classify(THING, name, &topic))
        return;
    notification = topic.kind == TOPIC_NOTIFY || topic.kind == TOPIC_NOTIFY_NEXT;
    g_assert_true((topic.kind == TOPIC_DESCRIBE || topic.kind == TOPIC_UPDATE) ==
                  (topic.job_id[0] != '\0'));
    g_assert_true(topic.job_id[0] == '\0' || execution_job_id_valid(topic.job_id));
    g_assert_false(notification && topic.accepted);
    request = topics_request(THING, topic.kind, topic.job_id);
    expected = g_strconcat(request,
                           notification     ? NULL
                           : topic.accepted ? "/accepted"
                                            : "/rejected",
                           NULL);
    g_assert_cmpstr(name, ==, expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_string(data, size);
    g_autofree char *behind = g_strconcat(PREFIX, text, NULL);

    check(text);
    check(behind);
    if (topics_thing_name_valid(text))
        g_assert_cmpuint(strlen(text), <=, TOPICS_THING_NAME_MAX);
    return 0;
}
