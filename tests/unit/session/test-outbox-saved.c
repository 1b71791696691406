/* What an earlier life had told is sent along, once it is known, and nothing but a claim goes out
 * before. */
#include "attempts.h"
#include "outbox.h"

static const OutboxTimes times = {10000, 10000, 2000, 10000, 640000};

typedef struct {
    Outbox *outbox;
    ExecutionId *id;
    Details *details;
    GHashTable *saved;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    self->outbox = outbox_new(&times);
    self->id = execution_id_new("job", 1, 1000);
    self->details = details_new();
    details_set(self->details, DETAILS_OWN, "reason", "interrupted");
    details_set(self->details, DETAILS_PLUGIN, "slot", "new");
    self->saved = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(self->saved, (gpointer) "slot", (gpointer) "old");
    g_hash_table_insert(self->saved, (gpointer) "bytes", (gpointer) "17");
    g_hash_table_insert(self->saved, (gpointer) "progress", (gpointer) "40");
    g_hash_table_insert(self->saved, (gpointer) "message", (gpointer) "copying");
    outbox_await_saved(self->outbox, self->id);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    outbox_free(self->outbox);
    execution_id_free(self->id);
    details_free(self->details);
    g_hash_table_unref(self->saved);
}

static void
assert_detail(const JobsUpdate *update, const char *key, const char *value)
{
    g_assert_cmpstr(details_get(update->details, key), ==, value);
}

static void
test_waits(Fixture *self, gconstpointer data)
{
    g_autoptr(GPtrArray) waiting = outbox_awaiting_saved(self->outbox);
    g_autoptr(GPtrArray) none = NULL;
    JobsUpdate update = {0};

    g_assert_cmpuint(waiting->len, ==, 1);
    g_assert_true(execution_id_equal(waiting->pdata[0], self->id));
    outbox_final(self->outbox, self->id, EXECUTION_FAILED, self->details, 0);
    outbox_link_up(self->outbox, 5);
    g_assert_false(outbox_next(self->outbox, 1, 100000, &update));
    g_assert_cmpint(outbox_next_time(self->outbox), ==, ATTEMPTS_NEVER);
    g_assert_false(outbox_is_empty(self->outbox));
    outbox_saved(self->outbox, self->id, self->saved);
    g_assert_true(outbox_next(self->outbox, 1, 100000, &update));
    assert_detail(&update, "reason", "interrupted");
    assert_detail(&update, "slot", "new");
    assert_detail(&update, "bytes", "17");
    assert_detail(&update, "progress", "40");
    assert_detail(&update, "message", NULL);
    none = outbox_awaiting_saved(self->outbox);
    g_assert_cmpuint(none->len, ==, 0);
}

static void
test_stays(Fixture *self, gconstpointer data)
{
    JobsUpdate update = {0};

    outbox_saved(self->outbox, self->id, self->saved);
    outbox_progress(self->outbox, self->id, 5, self->details, TRUE, 0);
    g_assert_true(outbox_next(self->outbox, 1, 0, &update));
    assert_detail(&update, "bytes", "17");
    outbox_final(self->outbox, self->id, EXECUTION_SUCCEEDED, NULL, 1);
    g_assert_true(outbox_next(self->outbox, 2, 1, &update));
    assert_detail(&update, "bytes", "17");
    assert_detail(&update, "slot", "old");
    assert_detail(&update, "progress", NULL);
}

static void
test_claim_does_not_wait(Fixture *self, gconstpointer data)
{
    JobsUpdate update = {0};

    outbox_claim(self->outbox, self->id, 5, self->details, FALSE, 0);
    g_assert_true(outbox_next(self->outbox, 1, 0, &update));
}

static void
test_not_to_be_had(Fixture *self, gconstpointer data)
{
    JobsUpdate update = {0};

    outbox_final(self->outbox, self->id, EXECUTION_FAILED, self->details, 0);
    outbox_saved(self->outbox, self->id, NULL);
    outbox_saved(self->outbox, self->id, self->saved);
    g_assert_true(outbox_next(self->outbox, 1, 0, &update));
    assert_detail(&update, "slot", "new");
    assert_detail(&update, "bytes", NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/outbox-saved/waits", Fixture, NULL, set_up, test_waits, tear_down);
    g_test_add("/outbox-saved/stays", Fixture, NULL, set_up, test_stays, tear_down);
    g_test_add("/outbox-saved/claim", Fixture, NULL, set_up, test_claim_does_not_wait, tear_down);
    g_test_add("/outbox-saved/none", Fixture, NULL, set_up, test_not_to_be_had, tear_down);
    return g_test_run();
}
