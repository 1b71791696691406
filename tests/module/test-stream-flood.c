/* A service that never stops talking, to a plugin that waits for one block: the plugin gets its
 * answer in time, and what it logs is not drowned. Waits are twenty times shorter. */
#include "fake-daemon.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* The limit of an answer is half a second here; nobody stops the flood before that. */
#define FLOOD_LIMIT_US (15 * G_USEC_PER_SEC)
#define IN_TIME_US     (5 * G_USEC_PER_SEC)
#define LOG_LINES_MAX  20

#define GET                                                                                        \
    "{\"stream\":\"s-1\",\"format\":\"json\",\"file\":3,\"version\":7,\"size\":1000,\"block-"      \
    "size\":256}"

static const char *zoo;

static GBytes *
message(const char *text)
{
    g_autoptr(Packet) packet = packet_new(PACKET_STREAMED);

    packet->stream = g_strdup("s-1");
    packet->topic = STREAM_DATA;
    packet->payload = g_bytes_new(text, strlen(text));
    return packet_encode(packet, NULL);
}

/* Takes what the runner has said; TRUE when the plugin has its answer. */
static gboolean
hear(Fake *fake, guint *lines)
{
    static char buffer[PACKET_SIZE_MAX];
    ssize_t length;

    while ((length = recv(fake->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        g_autoptr(Packet) packet = packet_decode(buffer, (gsize)length, PACKET_FROM_RUNNER, NULL);

        g_assert_nonnull(packet);
        *lines += packet->type == PACKET_LOG;
        if (packet->type == PACKET_DETAIL && strcmp(packet->key, "got") == 0) {
            g_assert_cmpstr(packet->text, ==, "0");
            return TRUE;
        }
    }
    return FALSE;
}

static void
test_flood(gconstpointer text)
{
    Fake *fake = fake_start(zoo, fake_packet("stream-reader", GET));
    g_autoptr(GBytes) bytes = message(text);
    gint64 begun_us;
    guint lines = 0;

    fake_go(fake, START_FIRST, NULL);
    fake_expect(fake, PACKET_STREAM);
    begun_us = g_get_monotonic_time();
    while (!hear(fake, &lines)) {
        struct pollfd ready = {.fd = fake->fd, .events = POLLIN | POLLOUT};

        g_assert_cmpint(g_get_monotonic_time() - begun_us, <, FLOOD_LIMIT_US);
        poll(&ready, 1, 1000);
        while (send(fake->fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                    MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
            continue;
    }
    g_test_message("%u lines, %d ms", lines, (int)((g_get_monotonic_time() - begun_us) / 1000));
    g_assert_cmpint(g_get_monotonic_time() - begun_us, <, IN_TIME_US);
    g_assert_cmpuint(lines, <, LOG_LINES_MAX);
    fake_wait(fake, FALSE);
    fake_free(fake);
}

int
main(int argc, char **argv)
{
    static char scale[] = "ERRAND_TEST_TIME_SCALE=20";

    g_test_init(&argc, &argv, NULL);
    fake_init(argv[1]);
    zoo = argv[2];
    fake_environment = scale;
    g_test_add_data_func("/stream-flood/malformed", "{", test_flood);
    g_test_add_data_func("/stream-flood/empty", "", test_flood);
    g_test_add_data_func("/stream-flood/other-file",
                         "{\"c\":\"errand-3-7-256-any\",\"f\":4,\"l\":1,\"i\":0,\"p\":\"AA==\"}",
                         test_flood);
    return g_test_run();
}
