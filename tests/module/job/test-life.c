/* Jobs that meet no crash: claims, refusals, steps, progress, cancels, limits. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "durable.h"
#include "knob.h"

static void
test_success(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(
        world, "knob", "\"print\":\"hello\\n\",\"detail\":{\"version\":\"2\"},\"progress\":2");
    const Entry *entry;

    g_assert_cmpuint(world->room, ==, 1);
    world_offer(world, "one", document);
    g_assert_cmpuint(world->room, ==, 0);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_SUCCEEDED, NULL, NULL);
    g_assert_cmpstr(details_get(entry->details, "stdout"), ==, "hello");
    g_assert_cmpstr(details_get(entry->details, "version"), ==, "2");
    g_assert_cmpstr(details_get(entry->details, "progress"), ==, "100");
    g_assert_cmpuint(world_entry(world, 'c', "one", 1)->minutes, ==, 2);
    g_assert_cmpuint(world_count(world, 'c', "one"), ==, 1);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 1);
    g_assert_cmpuint(world->room, ==, 1);
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
test_answers_from_inside(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    world->at_once = TRUE;
    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    world_offer(world, "two", "{\"operation\":\"nobody-has-this\"}");
    world_expect(world_finish(world, "two"), EXECUTION_REJECTED, "unknown-operation",
                 "nobody-has-this");
    world_expect_clean(world);
}

typedef struct {
    const char *name;
    const char *document;
    const char *reason;
    const char *message;
} Refusal;

static const Refusal refusals[] = {
    {"unknown", "{\"operation\":\"nobody-has-this\"}", "unknown-operation", "nobody-has-this"},
    {"not-json", "{", "invalid-document", NULL},
    {"none", NULL, "invalid-document", "without a job document"},
    {"not-enabled", "{\"operation\":\"segv\"}", "not-allowed", "segv"},
    {"check", "{\"operation\":\"knob\",\"outcome\":\"check-rejected\",\"reason\":\"too-late\"}",
     "too-late", "the document asked for it"},
    {"second-step",
     "{\"version\":\"1.0\",\"steps\":[{\"action\":{\"name\":\"A\",\"type\":\"knob\",\"input\":{"
     "\"marker\":\"/nonexistent/must/not/run\"}}},{\"action\":{\"name\":\"B\",\"type\":\"knob\","
     "\"input\":{\"outcome\":\"check-rejected\"}}}]}",
     "knob-said-so", NULL},
};

static void
test_refusal(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autoptr(World) world = world_new();

    world->enabled[0] = (char *)"knob";
    world_offer(world, "one", refusal->document);
    world_expect(world_finish(world, "one"), EXECUTION_REJECTED, refusal->reason, refusal->message);
    g_assert_cmpuint(world_count(world, 'c', "one"), ==, 0);
    world_expect_clean(world);
}

static void
test_unknown_may_be_left_to_others(void)
{
    g_autoptr(World) world = world_new();

    world->options.ignore_unknown = TRUE;
    world_offer(world, "one", "{\"operation\":\"nobody-has-this\"}");
    g_assert_true(world_entry(world, 'r', "one", 1)->flag);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
    g_assert_null(world_state_of(world, "one"));
    world_expect_clean(world);
}

static void
test_refused_claim(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    world->refuse = TRUE;
    world_offer(world, "one", document);
    g_assert_false(world_entry(world, 'r', "one", 1)->flag);
    g_assert_cmpuint(world_count(world, 'f', "one"), ==, 0);
    knob_expect_runs(world, "");
    world_expect_clean(world);
}

static void
test_in_progress_without_record(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");
    g_autoptr(ExecutionId) id = world_id("one");

    dispatcher_offer(world->dispatcher, id, EXECUTION_IN_PROGRESS, document);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "interrupted", NULL);
    knob_expect_runs(world, "");
}

static void
test_duplicates(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    /* Once it is over, keeping repeats away is the session's. */
    for (guint i = 0; i < 50 && world_count(world, 'f', "one") == 0; i++) {
        world_offer(world, "one", document);
        g_main_context_iteration(NULL, FALSE);
    }
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
    knob_expect_runs(world, "0");
}

static void
test_steps(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_steps(world, "\"progress\":1", "!\"outcome\":\"failed\"", "", NULL);
    const Entry *entry;

    world_offer(world, "one", document);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_SUCCEEDED, NULL, "Step-2");
    g_assert_cmpstr(details_get(entry->details, "step"), ==, "3/3 Step-3");
    g_assert_cmpstr(details_get(world_entry(world, 'c', "one", 1)->details, "step"), ==,
                    "1/3 Step-1");
    knob_expect_runs(world, "0 0 0");
    world_expect_clean(world);
}

static void
test_failed_step_ends_the_job(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_steps(
        world, "", "\"outcome\":\"failed\",\"reason\":\"no-luck\",\"print-error\":\"why\"", "",
        NULL);
    const Entry *entry;

    world_offer(world, "one", document);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_FAILED, "no-luck", NULL);
    g_assert_cmpstr(details_get(entry->details, "step"), ==, "2/3 Step-2");
    g_assert_cmpstr(details_get(entry->details, "stderr"), ==, "why");
    knob_expect_runs(world, "0 0");
    world_expect_clean(world);
}

static void
test_deadline_of_the_document(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document =
        knob_document(world, "knob", "\"timeout\":1,\"sleep\":20000,\"deaf\":true");

    world_offer(world, "one", document);
    world_expect(world_finish(world, "one"), EXECUTION_FAILED, "timed-out", "after 1 s");
    world_expect_clean(world);
}

static void
take_away(World *world, const char *job_id)
{
    g_autoptr(ExecutionId) id = world_id(job_id);

    dispatcher_gone(world->dispatcher, id, "cancelled by a test");
}

static gboolean
is_forgotten(World *world, gconstpointer data)
{
    return world_state_of(world, data) == NULL;
}

static void
expect_cancelled(World *world, const char *job_id)
{
    g_autofree char *path = g_build_filename(world->state, "history", NULL);
    g_autofree char *history = NULL;

    world_until(world, is_forgotten, job_id);
    g_assert_cmpuint(world_count(world, 'f', job_id), ==, 0);
    world_expect_clean(world);
    g_assert_true(g_file_get_contents(path, &history, NULL, NULL));
    g_assert_nonnull(strstr(history, "\"outcome\":\"CANCELED\""));
    g_assert_nonnull(strstr(history, "cancelled by a test"));
    g_assert_cmpuint(world->room, ==, 1);
}

static void
test_cancel_while_running(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":20000");

    world->options.cancel_grace_ms = 15000;
    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    take_away(world, "one");
    expect_cancelled(world, "one");
}

static void
test_cancel_of_the_deaf(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":20000,\"deaf\":true");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    take_away(world, "one");
    take_away(world, "one");
    expect_cancelled(world, "one");
}

/* The section lasts a second; told, TERM and KILL would be over after 100 ms. */
static void
test_cancel_waits_for_the_critical_section(void)
{
    g_autoptr(World) world = world_new();
    gint64 begin = g_get_monotonic_time();
    g_autofree char *document =
        knob_document(world, "knob", "\"critical\":true,\"progress\":2,\"sleep\":1000");

    world->options.cancel_grace_ms = 50;
    world_offer(world, "one", document);
    world_entry(world, 'p', "one", 1);
    take_away(world, "one");
    expect_cancelled(world, "one");
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, G_USEC_PER_SEC);
}

static void
test_cancel_before_the_claim_is_answered(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    world->silent = TRUE;
    world_offer(world, "one", document);
    world_entry(world, 'c', "one", 1);
    take_away(world, "one");
    expect_cancelled(world, "one");
    knob_expect_runs(world, "");
}

static void
test_refresh(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"refresh\":1,\"token\":\"old\"");
    g_autoptr(ExecutionId) two = world_id("two");

    world->at_once = TRUE;
    world->refresh_error = 2;
    world_offer(world, "one", document);
    g_assert_cmpstr(details_get(world_finish(world, "one")->details, "refreshed"), ==, "-2");
    world->refresh_error = 0;
    world->silent = TRUE;
    world_offer(world, "two", document);
    world_entry(world, 'c', "two", 1);
    world->document_again = knob_document(world, "knob", "\"refresh\":1,\"token\":\"new\"");
    dispatcher_claimed(world->dispatcher, two, TRUE, NULL);
    g_assert_cmpstr(details_get(world_finish(world, "two")->details, "refreshed"), ==, "new");
}

static void
test_document_that_comes_with_the_claim(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *old = knob_document(world, "knob", "\"detail\":{\"url\":\"old\"}");

    world->document_again = knob_document(world, "knob", "\"detail\":{\"url\":\"new\"}");
    world_offer(world, "one", old);
    g_assert_cmpstr(details_get(world_finish(world, "one")->details, "url"), ==, "new");
    knob_expect_runs(world, "0");
    world_expect_clean(world);
}

static void
break_disk(World *world)
{
    g_autofree char *jobs = g_build_filename(world->state, "jobs", NULL);

    g_assert_true(durable_remove_tree(jobs, NULL));
    g_assert_true(g_file_set_contents(jobs, "", 0, NULL));
}

static void
test_what_cannot_be_recorded_is_not_run(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "");

    break_disk(world);
    world_offer(world, "one", document);
    world_until(world, is_forgotten, "one");
    g_assert_cmpuint(world_count(world, 'c', "one"), ==, 0);
    knob_expect_runs(world, "");
}

static void
test_a_verdict_is_told_without_a_disk(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *document = knob_document(world, "knob", "\"sleep\":200");

    world_offer(world, "one", document);
    knob_wait_runs(world, 1);
    break_disk(world);
    world_expect(world_finish(world, "one"), EXECUTION_SUCCEEDED, NULL, NULL);
}

static char *talker;

/* It says 62 things and is a zombie before errand looks: more than is read in one round. */
static void
test_last_words_are_heard_before_the_verdict(void)
{
    g_autoptr(World) world = world_new();
    siginfo_t info;
    const Entry *entry;

    world->options.runner = talker;
    world_offer(world, "one", "{\"operation\":\"knob\"}");
    knob_wait_state(world, "one", "running");
    g_assert_cmpint(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), ==, 0);
    entry = world_finish(world, "one");
    world_expect(entry, EXECUTION_FAILED, "last-words", "heard");
    g_assert_cmpstr(details_get(entry->details, "key3"), ==, "59");
    world_expect_clean(world);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 4);
    talker = argv[3];
#define ADD(path, func) g_test_add_func("/life/" path, func)
    ADD("success", test_success);
    ADD("answers-from-inside", test_answers_from_inside);
    ADD("unknown-may-be-left-to-others", test_unknown_may_be_left_to_others);
    ADD("refused-claim", test_refused_claim);
    ADD("in-progress-without-record", test_in_progress_without_record);
    ADD("duplicates", test_duplicates);
    ADD("steps", test_steps);
    ADD("failed-step-ends-the-job", test_failed_step_ends_the_job);
    ADD("deadline-of-the-document", test_deadline_of_the_document);
    ADD("cancel-while-running", test_cancel_while_running);
    ADD("cancel-of-the-deaf", test_cancel_of_the_deaf);
    ADD("cancel-waits-for-the-critical-section", test_cancel_waits_for_the_critical_section);
    ADD("cancel-before-the-claim-is-answered", test_cancel_before_the_claim_is_answered);
    ADD("refresh", test_refresh);
    ADD("last-words-are-heard", test_last_words_are_heard_before_the_verdict);
    ADD("document-that-comes-with-the-claim", test_document_that_comes_with_the_claim);
    ADD("what-cannot-be-recorded-is-not-run", test_what_cannot_be_recorded_is_not_run);
    ADD("a-verdict-is-told-without-a-disk", test_a_verdict_is_told_without_a_disk);
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *path = g_strconcat("/life/refusal/", refusals[i].name, NULL);

        g_test_add_data_func(path, &refusals[i], test_refusal);
    }
    return g_test_run();
}
