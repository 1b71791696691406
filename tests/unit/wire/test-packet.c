#include "errand/plugin.h"
#include "packet.h"

#include <string.h>

G_STATIC_ASSERT(PACKET_STATE_MAX == ERRAND_STATE_MAX);

static PacketSide
side_of(PacketType type)
{
    return type <= PACKET_QUIT ? PACKET_FROM_DAEMON : PACKET_FROM_RUNNER;
}

/* Writes and reads; the caller frees. */
static Packet *
travel(const Packet *packet)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = packet_encode(packet, &error);
    Packet *read;

    g_assert_no_error(error);
    read = packet_decode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                         side_of(packet->type), &error);
    g_assert_no_error(error);
    g_assert_cmpint(read->type, ==, packet->type);
    return read;
}

static void
test_start(void)
{
    g_autoptr(Packet) packet = packet_new(PACKET_START);
    g_autoptr(Packet) read = NULL;

    packet->job_id = g_strdup("job-1_A");
    packet->operation = g_strdup("shell");
    packet->step = g_strdup("Schritt \xc3\xbc\"\\\n1");
    packet->document = g_strdup("{\"a\":\"\\u0000\",\"b\":[1,2]}");
    packet->user = g_strdup("nobody");
    packet->account = g_strdup("");
    packet->private_directory = g_strdup("/var/lib/errand/x");
    packet->plugin = g_strdup("shell");
    packet->check_only = TRUE;
    g_hash_table_insert(packet->settings, g_strdup("users"), g_strdup("a;b\\;c"));
    g_hash_table_insert(packet->settings, g_strdup("empty"), g_strdup(""));
    read = travel(packet);
    g_assert_cmpint(read->protocol, ==, PACKET_PROTOCOL);
    g_assert_cmpstr(read->job_id, ==, packet->job_id);
    g_assert_cmpstr(read->operation, ==, "shell");
    g_assert_cmpstr(read->step, ==, packet->step);
    g_assert_cmpstr(read->document, ==, packet->document);
    g_assert_cmpstr(read->user, ==, "nobody");
    g_assert_cmpstr(read->account, ==, "");
    g_assert_cmpstr(read->private_directory, ==, "/var/lib/errand/x");
    g_assert_cmpstr(read->plugin, ==, "shell");
    g_assert_true(read->check_only);
    g_assert_cmpuint(g_hash_table_size(read->settings), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(read->settings, "users"), ==, "a;b\\;c");
    g_assert_cmpstr(g_hash_table_lookup(read->settings, "empty"), ==, "");
}

static void
test_start_bare(void)
{
    g_autoptr(Packet) packet = packet_new(PACKET_START);
    g_autoptr(Packet) read = NULL;

    packet->job_id = g_strdup("j");
    packet->operation = g_strdup("o");
    packet->step = g_strdup("");
    packet->document = g_strdup("{}");
    packet->plugin = g_strdup("p");
    g_clear_pointer(&packet->settings, g_hash_table_unref);
    read = travel(packet);
    g_assert_null(read->user);
    g_assert_null(read->account);
    g_assert_null(read->private_directory);
    g_assert_nonnull(read->settings);
    g_assert_false(read->check_only);
}

static void
check_state(PacketType type, const void *data, gsize length)
{
    g_autoptr(Packet) packet = packet_new(type);
    g_autoptr(Packet) read = NULL;

    packet->reason_started = type == PACKET_GO ? START_INTERRUPTED : START_FIRST;
    packet->state = data == NULL ? NULL : g_bytes_new(data, length);
    read = travel(packet);
    g_assert_cmpint(read->reason_started, ==, packet->reason_started);
    if (data == NULL)
        g_assert_null(read->state);
    else
        g_assert_true(g_bytes_equal(read->state, packet->state));
}

static void
test_state(void)
{
    guint8 bytes[PACKET_STATE_MAX];

    for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8)(i * 7);
    for (gsize length = 0; length < 5; length++) {
        check_state(PACKET_GO, bytes, length);
        check_state(PACKET_SAVE, bytes, length);
    }
    check_state(PACKET_GO, bytes, sizeof bytes);
    check_state(PACKET_SAVE, bytes, sizeof bytes);
    check_state(PACKET_GO, NULL, 0);
    check_state(PACKET_SAVE, NULL, 0);
}

static void
test_bare_types(void)
{
    static const PacketType types[] = {PACKET_CANCEL, PACKET_QUIT, PACKET_REFRESH};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(Packet) packet = packet_new(types[i]);
        g_autoptr(Packet) read = travel(packet);

        g_assert_null(read->text);
    }
}

static void
test_ready(void)
{
    g_autoptr(Packet) packet = packet_new(PACKET_READY);
    g_autoptr(Packet) read = NULL;

    packet->plugin = g_strdup("p");
    packet->version = g_strdup("1.2");
    packet->resumable = TRUE;
    packet->timeout_s = G_MAXINT32;
    read = travel(packet);
    g_assert_cmpstr(read->plugin, ==, "p");
    g_assert_cmpstr(read->version, ==, "1.2");
    g_assert_true(read->resumable);
    g_assert_cmpuint(read->timeout_s, ==, G_MAXINT32);
}

static void
test_answers(void)
{
    g_autoptr(Packet) saved = packet_new(PACKET_SAVED);
    g_autoptr(Packet) document = packet_new(PACKET_DOCUMENT);
    g_autoptr(Packet) saved_read = NULL;
    g_autoptr(Packet) document_read = NULL;

    saved->error_number = 28;
    saved->text = g_strdup("No space left on device");
    saved_read = travel(saved);
    g_assert_cmpint(saved_read->error_number, ==, 28);
    g_assert_cmpstr(saved_read->text, ==, saved->text);
    document->document = g_strdup("{\"url\":\"https://x/?a=1&b=2\"}");
    document_read = travel(document);
    g_assert_cmpint(document_read->error_number, ==, 0);
    g_assert_cmpstr(document_read->document, ==, document->document);
    g_assert_null(document_read->text);
}

static void
test_outcomes(void)
{
    for (int outcome = OUTCOME_FAILED; outcome <= OUTCOME_CANCELLED; outcome++) {
        g_autoptr(Packet) result = packet_new(PACKET_RESULT);
        g_autoptr(Packet) checked = packet_new(PACKET_CHECKED);
        g_autoptr(Packet) result_read = NULL;
        g_autoptr(Packet) checked_read = NULL;

        result->outcome = checked->outcome = (Outcome)outcome;
        checked->key = g_strdup("not-allowed");
        checked->text = g_strdup("why");
        result_read = travel(result);
        checked_read = travel(checked);
        g_assert_cmpint(result_read->outcome, ==, outcome);
        g_assert_cmpint(checked_read->outcome, ==, outcome);
        g_assert_cmpstr(checked_read->key, ==, "not-allowed");
        g_assert_cmpstr(checked_read->text, ==, "why");
    }
}

static void
test_telling(void)
{
    static const PacketType types[] = {PACKET_LOG, PACKET_DETAIL, PACKET_REASON};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(Packet) packet = packet_new(types[i]);
        g_autoptr(Packet) read = NULL;

        packet->level = types[i] == PACKET_LOG ? 7 : 0;
        packet->key = types[i] == PACKET_LOG ? NULL : g_strdup("some-key");
        packet->text = g_strdup("a\tb\x01\xe2\x82\xac");
        read = travel(packet);
        g_assert_cmpint(read->level, ==, packet->level);
        g_assert_cmpstr(read->key, ==, packet->key);
        g_assert_cmpstr(read->text, ==, packet->text);
    }
}

static void
test_progress_and_critical(void)
{
    for (int percent = -1; percent <= 100; percent += 101) {
        g_autoptr(Packet) progress = packet_new(PACKET_PROGRESS);
        g_autoptr(Packet) critical = packet_new(PACKET_CRITICAL);
        g_autoptr(Packet) progress_read = NULL;
        g_autoptr(Packet) critical_read = NULL;

        progress->percent = percent;
        progress->step = percent < 0 ? NULL : g_strdup("writing");
        critical->on = percent < 0;
        progress_read = travel(progress);
        critical_read = travel(critical);
        g_assert_cmpint(progress_read->percent, ==, percent);
        g_assert_cmpstr(progress_read->step, ==, progress->step);
        g_assert_cmpint(critical_read->on, ==, critical->on);
    }
}

/* Text is for people: rather clipped and mended than refused. */
static void
test_clipped(void)
{
    g_autoptr(Packet) packet = packet_new(PACKET_LOG);
    g_autoptr(Packet) broken = packet_new(PACKET_LOG);
    g_autoptr(Packet) read = NULL;
    g_autoptr(Packet) broken_read = NULL;
    GString *text = g_string_new("x");

    while (text->len <= PACKET_TEXT_MAX)
        g_string_append(text, "\xe2\x82\xac");
    packet->text = g_string_free(text, FALSE);
    read = travel(packet);
    g_assert_cmpuint(strlen(read->text), <=, PACKET_TEXT_MAX);
    g_assert_cmpuint(strlen(read->text), >, PACKET_TEXT_MAX - 4);
    g_assert_true(g_str_has_prefix(packet->text, read->text));
    broken->text = g_strdup("a\xff"
                            "b");
    broken_read = travel(broken);
    g_assert_cmpstr(broken_read->text, ==,
                    "a\xef\xbf\xbd"
                    "b");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet/start", test_start);
    g_test_add_func("/packet/start-bare", test_start_bare);
    g_test_add_func("/packet/state", test_state);
    g_test_add_func("/packet/bare-types", test_bare_types);
    g_test_add_func("/packet/ready", test_ready);
    g_test_add_func("/packet/answers", test_answers);
    g_test_add_func("/packet/outcomes", test_outcomes);
    g_test_add_func("/packet/telling", test_telling);
    g_test_add_func("/packet/progress-critical", test_progress_and_critical);
    g_test_add_func("/packet/clipped", test_clipped);
    return g_test_run();
}
