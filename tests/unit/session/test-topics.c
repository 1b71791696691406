#include "topics.h"

#include <string.h>

#define P "$aws/things/gw-1/jobs"

static void
test_filters(void)
{
    g_auto(GStrv) filters = topics_filters("gw-1");
    const char *const wanted[] = {P "/notify",  P "/notify-next", P "/get/+", P "/start-next/+",
                                  P "/+/get/+", P "/+/update/+",  NULL};

    g_assert_cmpstrv(filters, wanted);
}

static void
test_requests(void)
{
    static const struct {
        TopicKind kind;
        const char *wanted;
    } cases[] = {
        {TOPIC_LIST, P "/get"},        {TOPIC_START_NEXT, P "/start-next"},
        {TOPIC_NEXT, P "/$next/get"},  {TOPIC_DESCRIBE, P "/j/get"},
        {TOPIC_UPDATE, P "/j/update"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *topic = topics_request("gw-1", cases[i].kind, "j");
        g_assert_cmpstr(topic, ==, cases[i].wanted);
    }
}

static void
test_longest(void)
{
    g_autofree char *thing = g_strnfill(128, 't');
    g_autofree char *job = g_strnfill(64, 'j');
    g_autofree char *request = topics_request(thing, TOPIC_UPDATE, job);
    g_autofree char *answer = g_strconcat(request, "/accepted", NULL);
    Topic topic;

    /* AWS takes 256 bytes and 7 slashes. */
    g_assert_cmpuint(strlen(answer), ==, 226);
    g_assert_true(topics_classify(thing, answer, &topic));
    g_assert_cmpstr(topic.job_id, ==, job);
}

static void
test_classify(void)
{
    static const struct {
        const char *topic;
        TopicKind kind;
        gboolean accepted;
        const char *job_id;
    } cases[] = {
        {P "/notify", TOPIC_NOTIFY, FALSE, ""},
        {P "/notify-next", TOPIC_NOTIFY_NEXT, FALSE, ""},
        {P "/get/accepted", TOPIC_LIST, TRUE, ""},
        {P "/get/rejected", TOPIC_LIST, FALSE, ""},
        {P "/start-next/accepted", TOPIC_START_NEXT, TRUE, ""},
        {P "/$next/get/accepted", TOPIC_NEXT, TRUE, ""},
        {P "/$next/get/rejected", TOPIC_NEXT, FALSE, ""},
        {P "/job_1-A/get/accepted", TOPIC_DESCRIBE, TRUE, "job_1-A"},
        {P "/job/update/rejected", TOPIC_UPDATE, FALSE, "job"},
        /* jobIds that look like something else */
        {P "/get/get/accepted", TOPIC_DESCRIBE, TRUE, "get"},
        {P "/notify/update/accepted", TOPIC_UPDATE, TRUE, "notify"},
        {P "/update/update/rejected", TOPIC_UPDATE, FALSE, "update"},
        {P "/accepted/get/accepted", TOPIC_DESCRIBE, TRUE, "accepted"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Topic topic;
        g_test_message("%s", cases[i].topic);
        g_assert_true(topics_classify("gw-1", cases[i].topic, &topic));
        g_assert_cmpint(topic.kind, ==, cases[i].kind);
        g_assert_cmpint(topic.accepted, ==, cases[i].accepted);
        g_assert_cmpstr(topic.job_id, ==, cases[i].job_id);
    }
}

static void
test_not_ours(void)
{
    static const char *const cases[] = {
        "",
        "/",
        "notify",
        P,
        P "/",
        P "/get",
        P "/start-next",
        P "/$next/get",
        P "/j/get",
        P "/j/update",
        P "/get/accepted/",
        P "/get/maybe",
        P "/j/delete/accepted",
        P "/$next/update/accepted",
        P "/j!/get/accepted",
        P "//get/accepted",
        P "/12345678901234567890123456789012345678901234567890123456789012345/get/accepted",
        P "/j/namespace-aws-gg/update/accepted",
        P "/notify-namespace-aws-gg",
        "$aws/things/gw-2/jobs/notify",
        "$aws/things/gw-1/shadow/notify",
        "aws/things/gw-1/jobs/notify",
        "$aws/things/gw-1/jobs/j/get/accepted/x/y/z",
    };
    Topic topic;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        g_assert_false(topics_classify("gw-1", cases[i], &topic));
    }
    g_assert_false(topics_classify("gw-1", NULL, &topic));
}

static void
test_thing_names(void)
{
    g_autofree char *longest = g_strnfill(128, 'a');
    g_autofree char *too_long = g_strnfill(129, 'a');

    g_assert_true(topics_thing_name_valid("a:b_c-D9"));
    g_assert_true(topics_thing_name_valid(longest));
    g_assert_false(topics_thing_name_valid(too_long));
    g_assert_false(topics_thing_name_valid(""));
    g_assert_false(topics_thing_name_valid(NULL));
    g_assert_false(topics_thing_name_valid("a/b"));
    g_assert_false(topics_thing_name_valid("a+"));
    g_assert_false(topics_thing_name_valid("\xc3\xa9"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/topics/filters", test_filters);
    g_test_add_func("/topics/requests", test_requests);
    g_test_add_func("/topics/longest", test_longest);
    g_test_add_func("/topics/classify", test_classify);
    g_test_add_func("/topics/not-ours", test_not_ours);
    g_test_add_func("/topics/thing-names", test_thing_names);
    return g_test_run();
}
