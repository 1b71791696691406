/* Both directions: the first byte chooses the side, the rest is the packet. Whatever is accepted
 * must survive being written and read again. */
#include "fuzz.h"
#include "packet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Packet) packet = NULL;
    g_autoptr(Packet) again = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    PacketSide from;

    if (size == 0)
        return 0;
    from = data[0] % 2 == 0 ? PACKET_FROM_DAEMON : PACKET_FROM_RUNNER;
    packet = packet_decode(data + 1, size - 1, from, NULL);
    if (packet == NULL)
        return 0;
    bytes = packet_encode(packet, &error);
    if (bytes == NULL) {
        /* Escapes may make it longer; nothing else may go wrong. */
        g_assert_error(error, PACKET_ERROR, PACKET_ERROR_TOO_BIG);
        return 0;
    }
    again = packet_decode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), from, &error);
    g_assert_no_error(error);
    g_assert_cmpint(again->type, ==, packet->type);
    g_assert_cmpstr(again->document, ==, packet->document);
    g_assert_cmpstr(again->text, ==, packet->text);
    return 0;
}
