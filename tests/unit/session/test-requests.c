#include "attempts.h"
#include "requests.h"

static void
test_one_per_kind(void)
{
    g_autoptr(Requests) requests = requests_new(10000, 2000, 640000);
    g_autoptr(ExecutionId) id = execution_id_new("a", 1, 1);

    requests_put(requests, REQUEST_NEXT, NULL, 0, 0);
    requests_put(requests, REQUEST_NEXT, NULL, 0, 0);
    requests_put(requests, REQUEST_WATCH, id, 0, 0);
    g_assert_cmpuint(requests_count(requests, REQUEST_NEXT), ==, 1);
    g_assert_true(requests_has(requests, REQUEST_WATCH, id));
    const Request *first = requests_next(requests, 1, 0);
    g_assert_cmpint(first->kind, ==, REQUEST_NEXT);
    const Request *second = requests_next(requests, 2, 0);
    g_assert_cmpint(second->kind, ==, REQUEST_WATCH);
    g_assert_null(requests_next(requests, 3, 0));
    g_assert_cmpuint(requests_ticket_of(requests, REQUEST_NEXT, NULL), ==, 1);
    g_assert_cmpuint(requests_ticket_of(requests, REQUEST_WATCH, "a"), ==, 2);
    g_assert_cmpuint(requests_ticket_of(requests, REQUEST_WATCH, "b"), ==, 0);

    g_autoptr(Request) answered = requests_answered(requests, 2, 1);
    g_assert_true(execution_id_equal(answered->id, id));
    g_assert_null(requests_answered(requests, 2, 1));
    requests_cancel(requests, REQUEST_NEXT, NULL);
    g_assert_cmpint(requests_next_time(requests), ==, ATTEMPTS_NEVER);
}

/* Asked again while the question was under way: the answer may be older than the asking. */
static void
test_once_more(void)
{
    g_autoptr(Requests) requests = requests_new(10000, 2000, 640000);

    requests_put(requests, REQUEST_NEXT, NULL, 0, 0);
    g_assert_nonnull(requests_next(requests, 1, 0));
    requests_put(requests, REQUEST_NEXT, NULL, 0, 1);
    g_autoptr(Request) first = requests_answered(requests, 1, 2);
    g_assert_nonnull(first);
    g_assert_nonnull(requests_next(requests, 2, 2));
    g_autoptr(Request) second = requests_answered(requests, 2, 3);
    g_assert_nonnull(second);
    g_assert_null(requests_next(requests, 3, 9999999));
}

static void
test_silence_and_refusal(void)
{
    g_autoptr(Requests) requests = requests_new(10000, 2000, 640000);

    requests_put(requests, REQUEST_NEXT, NULL, 0, 0);
    g_assert_nonnull(requests_next(requests, 1, 0));
    g_assert_null(requests_next(requests, 2, 9999));
    requests_next(requests, 2, 10000);
    g_assert_nonnull(requests_next(requests, 2, 10600));
    g_assert_true(requests_refused(requests, 2, 10601));
    g_assert_null(requests_next(requests, 3, 10601));
    g_assert_nonnull(requests_next(requests, 3, 14700));
    /* The first answer comes at last: it will do. */
    g_autoptr(Request) late = requests_answered(requests, 1, 14701);
    g_assert_nonnull(late);
    g_assert_false(requests_refused(requests, 3, 14702));
}

static void
test_give_up(void)
{
    g_autoptr(Requests) requests = requests_new(1000, 2000, 640000);
    g_autoptr(ExecutionId) id = execution_id_new("a", 1, 1);

    requests_put(requests, REQUEST_REFRESH, id, 3000, 0);
    g_assert_cmpint(requests_next_expiry(requests), ==, 3000);
    g_assert_null(requests_take_expired(requests, 2999));
    g_autoptr(Request) expired = requests_take_expired(requests, 3000);
    g_assert_cmpint(expired->kind, ==, REQUEST_REFRESH);
    g_assert_null(requests_take_expired(requests, 3000));
}

static void
test_link(void)
{
    g_autoptr(Requests) requests = requests_new(10000, 2000, 640000);

    requests_put(requests, REQUEST_LIST, NULL, 0, 0);
    g_assert_nonnull(requests_next(requests, 1, 0));
    requests_link_up(requests, 6);
    g_assert_nonnull(requests_next(requests, 2, 6));
    for (guint64 ticket = 3; ticket < 8; ticket++) {
        g_assert_true(requests_refused(requests, ticket - 1, 7));
        g_assert_null(requests_next(requests, ticket, 7));
        requests_link_up(requests, 8);
        g_assert_nonnull(requests_next(requests, ticket, 8));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/requests/one-per-kind", test_one_per_kind);
    g_test_add_func("/requests/once-more", test_once_more);
    g_test_add_func("/requests/silence-and-refusal", test_silence_and_refusal);
    g_test_add_func("/requests/give-up", test_give_up);
    g_test_add_func("/requests/link", test_link);
    return g_test_run();
}
