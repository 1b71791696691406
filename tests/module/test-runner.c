/* The conversation with the real errand-runner, by way of well-behaved plugins. */
#include "fake-daemon.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *zoo;
static const char *example;
static const char *abi;

static Fake *
start_knob(const char *document)
{
    Fake *fake = fake_start(zoo, fake_packet("knob", document));

    g_assert_cmpint(fake_expect(fake, PACKET_CHECKED)->outcome, ==, OUTCOME_SUCCEEDED);
    fake_go(fake, START_FIRST, NULL);
    return fake;
}

static void
expect_result(Fake *fake, Outcome outcome)
{
    g_assert_cmpint(fake_expect(fake, PACKET_RESULT)->outcome, ==, outcome);
    fake_wait(fake, FALSE);
    g_assert_true(WIFEXITED(fake->status));
    g_assert_cmpint(WEXITSTATUS(fake->status), ==, 0);
    g_assert_null(fake->fault);
}

static void
expect_detail(Fake *fake, const char *key, const char *value)
{
    const Packet *detail = fake_expect(fake, PACKET_DETAIL);

    g_assert_cmpstr(detail->key, ==, key);
    g_assert_cmpstr(detail->text, ==, value);
}

static void
test_hello(void)
{
    Packet *start = fake_packet("example", "{\"operation\":\"hello\",\"name\":\"world\"}");
    g_autoptr(Fake) fake = NULL;
    const Packet *packet;

    g_free(start->operation);
    start->operation = g_strdup("hello");
    g_hash_table_insert(start->settings, g_strdup("greeting"), g_strdup("Moin"));
    fake = fake_start(example, start);
    packet = fake_expect(fake, PACKET_READY);
    g_assert_cmpstr(packet->plugin, ==, "example");
    g_assert_cmpstr(packet->version, ==, "1.0");
    g_assert_cmpuint(packet->timeout_s, ==, 10);
    g_assert_false(packet->resumable);
    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    packet = fake_expect(fake, PACKET_PROGRESS);
    g_assert_cmpint(packet->percent, ==, 10);
    g_assert_cmpstr(packet->step, ==, "greeting");
    g_assert_cmpstr(fake_expect(fake, PACKET_LOG)->text, ==, "Moin, world!");
    expect_detail(fake, "greeting", "Moin, world!");
    g_assert_cmpint(fake_expect(fake, PACKET_PROGRESS)->percent, ==, 100);
    expect_result(fake, OUTCOME_SUCCEEDED);
    g_assert_cmpstr(fake->text[0]->str, ==, "Moin, world!\n");
    g_assert_cmpuint(fake->bytes[1], ==, 0);
}

static void
check_hello(const char *document, Outcome outcome, const char *message)
{
    Packet *start = fake_packet("example", document);
    g_autoptr(Fake) fake = NULL;
    const Packet *checked;

    g_free(start->operation);
    start->operation = g_strdup("hello");
    start->check_only = TRUE;
    fake = fake_start(example, start);
    checked = fake_expect(fake, PACKET_CHECKED);
    g_assert_cmpint(checked->outcome, ==, outcome);
    if (message != NULL) {
        g_assert_cmpstr(checked->key, ==, "invalid-document");
        g_assert_nonnull(strstr(checked->text, message));
    }
    fake_wait(fake, FALSE);
    g_assert_cmpint(fake->status, ==, 0);
}

static void
test_check_only(void)
{
    check_hello("{\"name\":\"x\"}", OUTCOME_SUCCEEDED, NULL);
    check_hello("{}", OUTCOME_REJECTED, "whom to greet");
    check_hello("{\"name\":7}", OUTCOME_REJECTED, "whom to greet");
    check_hello("{\"name\":\"x\",\"nmae\":1}", OUTCOME_REJECTED, "nmae");
    check_hello("{\"name\":\"\\u0000\"}", OUTCOME_REJECTED, "NUL");
    check_hello("[1]", OUTCOME_REJECTED, "object");
}

static Fake *
start_count(const char *document, const char *state)
{
    Packet *start = fake_packet("example", document);
    Fake *fake;

    g_free(start->operation);
    start->operation = g_strdup("count");
    fake = fake_start(example, start);
    g_assert_true(fake_expect(fake, PACKET_READY)->resumable);
    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, state == NULL ? START_FIRST : START_INTERRUPTED, state);
    return fake;
}

static void
expect_saved(Fake *fake, const char *text)
{
    const Packet *save = fake_expect(fake, PACKET_SAVE);

    g_assert_cmpmem(g_bytes_get_data(save->state, NULL), g_bytes_get_size(save->state), text,
                    strlen(text));
}

static void
test_count_resumes(void)
{
    g_autoptr(Fake) fake = start_count("{\"to\":7,\"interval\":0}", "5");

    expect_saved(fake, "6");
    fake_say(fake, PACKET_SAVED);
    expect_saved(fake, "7");
    fake_say(fake, PACKET_SAVED);
    expect_result(fake, OUTCOME_SUCCEEDED);
    g_assert_cmpstr(fake->text[0]->str, ==, "6\n7\n");
}

static void
test_count_cannot_save(void)
{
    g_autoptr(Fake) fake = start_count("{\"to\":7,\"interval\":0}", NULL);
    Packet *saved = packet_new(PACKET_SAVED);
    const Packet *reason;

    expect_saved(fake, "1");
    saved->error_number = 28;
    fake_send(fake, saved);
    reason = fake_expect(fake, PACKET_REASON);
    g_assert_cmpstr(reason->key, ==, "no-state");
    g_assert_nonnull(strstr(reason->text, "No space left"));
    expect_result(fake, OUTCOME_FAILED);
}

static void
test_cancel(void)
{
    g_autoptr(Fake) fake = start_count("{\"to\":2,\"interval\":60000}", NULL);

    fake_say(fake, PACKET_CANCEL);
    expect_result(fake, OUTCOME_CANCELLED);
}

/* A cancel in a critical section arrives when it is over, not before. */
static void
test_critical_holds_cancel_back(void)
{
    g_autoptr(Fake) fake =
        start_knob("{\"critical\":true,\"progress\":2,\"sleep\":300,\"detail\":{\"k\":\"v\"}}");

    g_assert_true(fake_expect(fake, PACKET_CRITICAL)->on);
    fake_say(fake, PACKET_CANCEL);
    g_assert_cmpint(fake_expect(fake, PACKET_PROGRESS)->percent, ==, 50);
    g_assert_cmpint(fake_expect(fake, PACKET_PROGRESS)->percent, ==, 100);
    g_assert_false(fake_expect(fake, PACKET_CRITICAL)->on);
    expect_result(fake, OUTCOME_CANCELLED);
}

static void
test_state_is_loaded(void)
{
    Packet *start = fake_packet("knob", "{\"load\":true,\"reboot\":2}");
    g_autoptr(Fake) fake = fake_start(zoo, start);

    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_REBOOTED, "reboots=1");
    expect_detail(fake, "state", "reboots=1");
    expect_saved(fake, "reboots=2");
    fake_say(fake, PACKET_SAVED);
    expect_result(fake, OUTCOME_REBOOT);
}

static void
test_refresh(void)
{
    g_autoptr(Fake) fake = start_knob("{\"refresh\":1,\"token\":\"old\"}");
    Packet *document = packet_new(PACKET_DOCUMENT);

    fake_expect(fake, PACKET_REFRESH);
    document->document = g_strdup("{\"token\":\"new\"}");
    fake_send(fake, document);
    expect_detail(fake, "refreshed", "new");
    expect_result(fake, OUTCOME_SUCCEEDED);
}

static void
test_refresh_refused(void)
{
    g_autoptr(Fake) gone = start_knob("{\"refresh\":1}");
    g_autoptr(Fake) broken = start_knob("{\"refresh\":1}");
    Packet *document = packet_new(PACKET_DOCUMENT);

    fake_expect(gone, PACKET_REFRESH);
    document->error_number = 2;
    document->text = g_strdup("the job is gone");
    fake_send(gone, document);
    expect_detail(gone, "refreshed", "-2");
    fake_expect(broken, PACKET_REFRESH);
    document = packet_new(PACKET_DOCUMENT);
    document->document = g_strdup("{\"token\":");
    fake_send(broken, document);
    g_assert_nonnull(strstr(fake_expect(broken, PACKET_LOG)->text, "useless"));
    expect_detail(broken, "refreshed", "-74");
    fake_say(gone, PACKET_QUIT);
    g_assert_cmpint(fake_expect(gone, PACKET_RESULT)->outcome, ==, OUTCOME_SUCCEEDED);
    g_assert_cmpint(fake_expect(broken, PACKET_RESULT)->outcome, ==, OUTCOME_SUCCEEDED);
    fake_wait(gone, TRUE);
}

static void
test_reason_with_failure(void)
{
    g_autoptr(Fake) fake =
        start_knob("{\"outcome\":\"failed\",\"reason\":\"no-space\",\"message\":\"full\"}");
    const Packet *reason = fake_expect(fake, PACKET_REASON);

    g_assert_cmpstr(reason->key, ==, "no-space");
    g_assert_cmpstr(reason->text, ==, "full");
    expect_result(fake, OUTCOME_FAILED);
}

static void
test_no_answer(void)
{
    static char scale[] = "ERRAND_TEST_TIME_SCALE=200";
    g_autoptr(Fake) fake = NULL;
    Packet *late = packet_new(PACKET_DOCUMENT);
    Packet *document = packet_new(PACKET_DOCUMENT);

    fake_environment = scale;
    fake = start_knob("{\"refresh\":2}");
    fake_environment = NULL;
    fake_expect(fake, PACKET_REFRESH);
    expect_detail(fake, "refreshed", "-110");
    /* Too late for its own question, and no answer to the next one. */
    late->document = g_strdup("{\"token\":\"late\"}");
    fake_send(fake, late);
    fake_expect(fake, PACKET_REFRESH);
    document->document = g_strdup("{\"token\":\"new\"}");
    fake_send(fake, document);
    expect_detail(fake, "refreshed", "new");
    expect_result(fake, OUTCOME_SUCCEEDED);
}

/* The last of a burst gets through although nothing follows it. */
static void
test_progress_is_flushed(void)
{
    g_autoptr(Fake) fake = start_knob("{\"progress\":3,\"sleep\":3,\"linger\":600000}");

    g_assert_cmpint(fake_expect(fake, PACKET_PROGRESS)->percent, ==, 33);
    while (fake_expect(fake, PACKET_PROGRESS)->percent != 100)
        continue;
    fake_say(fake, PACKET_CANCEL);
    expect_result(fake, OUTCOME_CANCELLED);
}

/* Built against the header of 1.0, and against a later one: both get every answer. */
static void
test_abi(gconstpointer plugin)
{
    static const char document[] =
        "{\"text\":\"t\",\"int\":-7,\"yes\":true,\"list\":[\"a\",{\"b\":1}],\"none\":null,"
        "\"half\":0.5,\"a/b\":{\"~\":\"tilde\"},\"token\":\"old\"}";
    Packet *start = fake_packet(plugin, document);
    Packet *again = packet_new(PACKET_DOCUMENT);
    g_autoptr(Fake) fake = NULL;
    g_auto(Verdict) verdict = {0};

    start->user = g_strdup("somebody");
    start->private_directory = g_strdup("/tmp");
    g_hash_table_insert(start->settings, g_strdup("one"), g_strdup("1"));
    g_hash_table_insert(start->settings, g_strdup("list"), g_strdup("a;b\\;c;"));
    fake = fake_start(abi, start);
    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_REBOOTED, "one");
    /* All answers are sent ahead: they wait for their questions. */
    fake_say(fake, PACKET_SAVED);
    again->document = g_strdup("{\"token\":\"new\"}");
    fake_send(fake, again);
    fake_wait(fake, FALSE);
    fake_verdict(fake, FALSE, FALSE, &verdict);
    g_assert_cmpstr(verdict.message, ==, NULL);
    g_assert_cmpuint(fake_count(fake, PACKET_CRITICAL), ==, 2);
    g_assert_cmpint(verdict.outcome, ==, OUTCOME_SUCCEEDED);
}

/* Whoever wrote the plugin learns why the word is another one. */
static void
test_bad_word(void)
{
    g_autoptr(Fake) fake = fake_start(zoo, fake_packet("bad-reason", "{}"));
    const Packet *line;

    fake_expect(fake, PACKET_CHECKED);
    fake_go(fake, START_FIRST, NULL);
    line = fake_expect(fake, PACKET_LOG);
    g_assert_cmpint(line->level, ==, 4);
    g_assert_nonnull(strstr(line->text, "\"Not A Word!\" is replaced by \"internal\""));
    g_assert_cmpstr(fake_expect(fake, PACKET_REASON)->key, ==, "internal");
    expect_result(fake, OUTCOME_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 5);
    fake_init(argv[1]);
    zoo = argv[2];
    example = argv[3];
    abi = argv[4];
    g_test_add_func("/runner/hello", test_hello);
    g_test_add_func("/runner/check-only", test_check_only);
    g_test_add_func("/runner/count-resumes", test_count_resumes);
    g_test_add_func("/runner/count-cannot-save", test_count_cannot_save);
    g_test_add_func("/runner/cancel", test_cancel);
    g_test_add_func("/runner/critical", test_critical_holds_cancel_back);
    g_test_add_func("/runner/state", test_state_is_loaded);
    g_test_add_func("/runner/refresh", test_refresh);
    g_test_add_func("/runner/refresh-refused", test_refresh_refused);
    g_test_add_func("/runner/reason", test_reason_with_failure);
    g_test_add_func("/runner/no-answer", test_no_answer);
    g_test_add_func("/runner/progress-is-flushed", test_progress_is_flushed);
    g_test_add_data_func("/runner/abi-frozen", "frozen", test_abi);
    g_test_add_data_func("/runner/abi-grown", "grown", test_abi);
    g_test_add_func("/runner/bad-word", test_bad_word);
    return g_test_run();
}
