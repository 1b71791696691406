/* Everything packet_encode() and packet_decode() must refuse. */
#include "packet.h"

#include <string.h>

static PacketSide
side_of(PacketType type)
{
    return type <= PACKET_QUIT ? PACKET_FROM_DAEMON : PACKET_FROM_RUNNER;
}

static void
refuses_to_write(Packet *packet, PacketError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(packet_encode(packet, &error));
    g_assert_error(error, PACKET_ERROR, (int)code);
    packet_free(packet);
}

static Packet *
sample_start(void)
{
    Packet *packet = packet_new(PACKET_START);

    packet->job_id = g_strdup("j");
    packet->operation = g_strdup("o");
    packet->step = g_strdup("s");
    packet->document = g_strdup("{}");
    packet->plugin = g_strdup("p");
    return packet;
}

static void
test_write_faults(void)
{
    Packet *packet;

    refuses_to_write(packet_new(PACKET_START), PACKET_ERROR_MALFORMED);
    refuses_to_write(packet_new(PACKET_REASON), PACKET_ERROR_MALFORMED);
    packet = sample_start();
    g_free(packet->document);
    packet->document = g_strnfill(PACKET_SIZE_MAX, 'x');
    refuses_to_write(packet, PACKET_ERROR_TOO_BIG);
    packet = sample_start();
    packet->user = g_strdup("\xff");
    refuses_to_write(packet, PACKET_ERROR_MALFORMED);
    packet = sample_start();
    g_hash_table_insert(packet->settings, g_strdup("k"), g_strdup("\xff"));
    refuses_to_write(packet, PACKET_ERROR_MALFORMED);
    packet = packet_new(PACKET_PROGRESS);
    packet->percent = 101;
    refuses_to_write(packet, PACKET_ERROR_MALFORMED);
    packet = packet_new(PACKET_REASON);
    packet->key = g_strdup("No Word");
    packet->text = g_strdup("x");
    refuses_to_write(packet, PACKET_ERROR_MALFORMED);
    packet = packet_new(PACKET_SAVE);
    packet->state = g_bytes_new_take(g_malloc0(PACKET_STATE_MAX + 1), PACKET_STATE_MAX + 1);
    refuses_to_write(packet, PACKET_ERROR_MALFORMED);
}

static void
refuses(const char *text, gsize length, PacketSide from, PacketError code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Packet) packet = packet_decode(text, length, from, &error);

    if (packet != NULL)
        g_error("accepted: %.200s", text);
    g_assert_error(error, PACKET_ERROR, (int)code);
}

#define START_WITH(more)                                                                           \
    "{\"type\":\"start\",\"protocol\":1,\"job-id\":\"j\",\"operation\":\"o\",\"step\":\"s\","      \
    "\"document\":\"{}\",\"plugin\":\"p\"" more "}"

static void
test_malformed_from_runner(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"type\":1}",
        "{\"type\":null}",
        "{\"type\":\"refresh\"",
        "{\"type\":\"refresh\"}{}",
        "{\"type\":\"refresh\",\"a\":[[[[1]]]]}",
        "{\"type\":\"log\",\"level\":6,\"text\":\"\xff\"}",
        "{\"type\":\"log\",\"level\":6,\"text\":\"\\u0000\"}",
        "{\"type\":\"log\",\"level\":6,\"text\":\"\\ud800\"}",
        "{\"type\":\"log\",\"text\":\"x\"}",
        "{\"type\":\"log\",\"level\":6}",
        "{\"type\":\"log\",\"level\":8,\"text\":\"x\"}",
        "{\"type\":\"log\",\"level\":-1,\"text\":\"x\"}",
        "{\"type\":\"log\",\"level\":6.0,\"text\":\"x\"}",
        "{\"type\":\"log\",\"level\":\"6\",\"text\":\"x\"}",
        "{\"type\":\"log\",\"level\":6,\"text\":null}",
        "{\"type\":\"log\",\"level\":6,\"text\":{}}",
        "{\"type\":\"progress\",\"percent\":101}",
        "{\"type\":\"progress\",\"percent\":-2}",
        "{\"type\":\"progress\",\"percent\":4294967297}",
        "{\"type\":\"progress\",\"percent\":99999999999999999999}",
        "{\"type\":\"progress\",\"percent\":1,\"step\":7}",
        "{\"type\":\"progress\"}",
        "{\"type\":\"result\",\"outcome\":5}",
        "{\"type\":\"result\",\"outcome\":-1}",
        "{\"type\":\"result\",\"outcome\":true}",
        "{\"type\":\"result\"}",
        "{\"type\":\"checked\",\"outcome\":2,\"key\":\"Bad Word\"}",
        "{\"type\":\"checked\",\"outcome\":2,\"key\":\"\"}",
        "{\"type\":\"reason\",\"key\":\"a_b\",\"text\":\"x\"}",
        "{\"type\":\"reason\",\"text\":\"x\"}",
        "{\"type\":\"detail\",\"key\":\"a b\",\"text\":\"x\"}",
        "{\"type\":\"detail\",\"key\":\"\",\"text\":\"x\"}",
        "{\"type\":\"critical\"}",
        "{\"type\":\"critical\",\"on\":1}",
        "{\"type\":\"save\",\"state\":\"QUJ\"}",
        "{\"type\":\"save\",\"state\":\"QU*D\"}",
        "{\"type\":\"save\",\"state\":\"QUJD\\n\"}",
        "{\"type\":\"save\",\"state\":[]}",
        "{\"type\":\"ready\",\"plugin\":\"\",\"version\":\"1\"}",
        "{\"type\":\"ready\",\"plugin\":\"p\"}",
        "{\"type\":\"ready\",\"plugin\":\"p\",\"version\":\"1\",\"timeout\":-1}",
        "{\"type\":\"ready\",\"plugin\":\"p\",\"version\":\"1\",\"timeout\":4294967295}",
        "{\"type\":\"ready\",\"plugin\":\"p\",\"version\":\"1\",\"resumable\":\"yes\"}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        refuses(bad[i], strlen(bad[i]), PACKET_FROM_RUNNER, PACKET_ERROR_MALFORMED);
}

static void
test_malformed_from_daemon(void)
{
    static const char *const bad[] = {
        "{\"type\":\"start\"}",
        "{\"type\":\"start\",\"protocol\":2,\"job-id\":\"j\",\"operation\":\"o\",\"step\":\"s\","
        "\"document\":\"{}\",\"plugin\":\"p\"}",
        START_WITH(",\"settings\":[]"),
        START_WITH(",\"settings\":{\"a\":1}"),
        START_WITH(",\"settings\":{\"a\":{}}"),
        START_WITH(",\"account\":0"),
        START_WITH(",\"check-only\":1"),
        "{\"type\":\"go\"}",
        "{\"type\":\"go\",\"reason-started\":4}",
        "{\"type\":\"saved\",\"error-number\":-5}",
        "{\"type\":\"document\",\"document\":\"\"}",
    };
    static const char good[] = START_WITH(",\"settings\":{\"a\":\"b\"},\"new-key\":[1]");
    g_autoptr(Packet) packet = packet_decode(good, strlen(good), PACKET_FROM_DAEMON, NULL);

    g_assert_nonnull(packet);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        refuses(bad[i], strlen(bad[i]), PACKET_FROM_DAEMON, PACKET_ERROR_MALFORMED);
}

static void
test_too_long(void)
{
    g_autofree char *x = g_strnfill(PACKET_TEXT_MAX + 1, 'x');
    g_autofree char *log = g_strdup_printf("{\"type\":\"log\",\"level\":6,\"text\":\"%s\"}", x);
    g_autofree char *key =
        g_strdup_printf("{\"type\":\"detail\",\"key\":\"%.129s\",\"text\":\"\"}", x);
    g_autofree char *word =
        g_strdup_printf("{\"type\":\"reason\",\"key\":\"%.65s\",\"text\":\"\"}", x);
    g_autofree char *blob = g_malloc0(PACKET_STATE_MAX + 1);
    g_autofree char *base64 = g_base64_encode((guchar *)blob, PACKET_STATE_MAX + 1);
    g_autofree char *save = g_strdup_printf("{\"type\":\"save\",\"state\":\"%s\"}", base64);
    g_autofree char *pad = g_strnfill(PACKET_SIZE_MAX, ' ');
    g_autofree char *huge = g_strconcat("{\"type\":\"refresh\"}", pad, NULL);
    g_autoptr(Packet) largest = packet_decode(huge, PACKET_SIZE_MAX, PACKET_FROM_RUNNER, NULL);

    refuses(log, strlen(log), PACKET_FROM_RUNNER, PACKET_ERROR_MALFORMED);
    refuses(key, strlen(key), PACKET_FROM_RUNNER, PACKET_ERROR_MALFORMED);
    refuses(word, strlen(word), PACKET_FROM_RUNNER, PACKET_ERROR_MALFORMED);
    refuses(save, strlen(save), PACKET_FROM_RUNNER, PACKET_ERROR_MALFORMED);
    g_assert_nonnull(largest);
    refuses(huge, PACKET_SIZE_MAX + 1, PACKET_FROM_RUNNER, PACKET_ERROR_TOO_BIG);
}

static void
test_wrong_side(void)
{
    refuses("{\"type\":\"nonsense\"}", 19, PACKET_FROM_RUNNER, PACKET_ERROR_UNEXPECTED);
    refuses("{\"type\":\"\"}", 11, PACKET_FROM_DAEMON, PACKET_ERROR_UNEXPECTED);
    for (int type = PACKET_START; type <= PACKET_RESULT; type++) {
        g_autofree char *text =
            g_strdup_printf("{\"type\":\"%s\"}", packet_type_name((PacketType)type));
        PacketSide wrong = side_of((PacketType)type) == PACKET_FROM_DAEMON ? PACKET_FROM_RUNNER
                                                                           : PACKET_FROM_DAEMON;

        refuses(text, strlen(text), wrong, PACKET_ERROR_UNEXPECTED);
    }
    g_assert_cmpstr(packet_type_name((PacketType)99), ==, "unknown");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet/write-faults", test_write_faults);
    g_test_add_func("/packet/malformed-from-runner", test_malformed_from_runner);
    g_test_add_func("/packet/malformed-from-daemon", test_malformed_from_daemon);
    g_test_add_func("/packet/too-long", test_too_long);
    g_test_add_func("/packet/wrong-side", test_wrong_side);
    return g_test_run();
}
