/* How much a step may ask of streams, and when again. */
#include "stream-quota.h"

#define SECOND G_USEC_PER_SEC

/* Asks and is answered. */
static gboolean
ask(StreamQuota *quota, const char *stream, gint64 now_us)
{
    gboolean taken = stream_quota_take(quota, stream, STREAM_CBOR, now_us, 1);

    if (taken)
        stream_quota_answered(quota, stream, STREAM_CBOR);
    return taken;
}

static void
test_requests_a_second(void)
{
    StreamQuota quota = {0};
    guint taken = 0;

    while (ask(&quota, "s", SECOND))
        taken++;
    g_assert_cmpuint(taken, ==, STREAM_QUOTA_AT_ONCE);
    while (ask(&quota, "s", 2 * SECOND))
        taken++;
    g_assert_cmpuint(taken, ==, STREAM_QUOTA_AT_ONCE + STREAM_QUOTA_PER_SECOND);
    stream_quota_clear(&quota);
    g_assert_true(ask(&quota, "s", 2 * SECOND));
    stream_quota_clear(&quota);
}

static guint
ask_for_new(StreamQuota *quota, gint64 now_us)
{
    static guint number;
    guint taken = 0;

    for (guint i = 0; i < 30; i++) {
        g_autofree char *stream = g_strdup_printf("s-%u", number++);

        taken += ask(quota, stream, now_us);
    }
    return taken;
}

static void
test_new_streams(void)
{
    StreamQuota quota = {0};

    for (guint i = 0; i < 40; i++)
        g_assert_true(ask(&quota, i % 2 == 0 ? "one" : "two", SECOND + i * SECOND));
    g_assert_cmpuint(ask_for_new(&quota, 100 * SECOND), ==, STREAM_QUOTA_NEW_MAX);
    g_assert_cmpuint(ask_for_new(&quota, 102 * SECOND), ==, 0);
    g_assert_cmpuint(ask_for_new(&quota, 110 * SECOND), ==, 1);
    g_assert_cmpuint(ask_for_new(&quota, 170 * SECOND), ==, 6);
    /* Another format is other topics. */
    g_assert_false(stream_quota_take(&quota, "s-1", STREAM_JSON, 170 * SECOND, 1));
    stream_quota_clear(&quota);
}

static void
test_unanswered(void)
{
    StreamQuota quota = {0};

    for (guint i = 0; i < STREAM_QUOTA_UNANSWERED; i++)
        g_assert_true(stream_quota_take(&quota, "s", STREAM_CBOR, SECOND, 1));
    g_assert_false(stream_quota_take(&quota, "s", STREAM_CBOR, SECOND, 1));
    g_assert_true(stream_quota_take(&quota, "s", STREAM_JSON, SECOND, 1));
    stream_quota_answered(&quota, "other", STREAM_CBOR);
    stream_quota_answered(&quota, "s", STREAM_JSON);
    g_assert_false(stream_quota_take(&quota, "s", STREAM_CBOR, 10 * SECOND, 1));
    stream_quota_answered(&quota, "s", STREAM_CBOR);
    for (guint i = 0; i < STREAM_QUOTA_UNANSWERED; i++)
        g_assert_true(stream_quota_take(&quota, "s", STREAM_CBOR, 10 * SECOND, 1));
    g_assert_false(stream_quota_take(&quota, "s", STREAM_CBOR, 19 * SECOND, 1));
    /* Nothing is to come any more. */
    g_assert_true(stream_quota_take(&quota, "s", STREAM_CBOR, 20 * SECOND, 1));
    stream_quota_clear(&quota);
}

static void
test_waiting(void)
{
    StreamQuota quota = {0};

    g_assert_false(stream_quota_is_waiting(&quota, "s", STREAM_CBOR, SECOND, 1));
    g_assert_true(ask(&quota, "s", SECOND));
    g_assert_true(stream_quota_is_waiting(&quota, "s", STREAM_CBOR, 10 * SECOND, 1));
    g_assert_false(stream_quota_is_waiting(&quota, "s", STREAM_JSON, 10 * SECOND, 1));
    g_assert_false(stream_quota_is_waiting(&quota, "s-1", STREAM_CBOR, 10 * SECOND, 1));
    g_assert_false(stream_quota_is_waiting(&quota, "s", STREAM_CBOR, 11 * SECOND, 1));
    g_assert_false(stream_quota_is_waiting(&quota, "s", STREAM_CBOR, 2 * SECOND, 10));
    stream_quota_clear(&quota);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-quota/requests-a-second", test_requests_a_second);
    g_test_add_func("/stream-quota/new-streams", test_new_streams);
    g_test_add_func("/stream-quota/unanswered", test_unanswered);
    g_test_add_func("/stream-quota/waiting", test_waiting);
    return g_test_run();
}
