/* The socket to a runner, with the test as the runner. */
#include "runner-link.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    RunnerLink *link;
    int peer;
    guint packets;
    guint faults;
    guint closed;
    gboolean answers; /* each packet with a large one */
} World;

static Packet *
large_packet(void)
{
    Packet *packet = packet_new(PACKET_DOCUMENT);

    packet->document = g_strnfill(100 * 1024, 'x');
    return packet;
}

static void
on_packet(const Packet *packet, gpointer data)
{
    World *world = data;

    world->packets++;
    if (world->answers) {
        g_autoptr(Packet) answer = large_packet();

        g_assert_true(runner_link_send(world->link, answer, NULL));
    }
}

static void
on_fault(const char *text, gpointer data)
{
    World *world = data;

    g_assert_nonnull(text);
    world->faults++;
}

static void
on_closed(gpointer data)
{
    World *world = data;

    world->closed++;
}

static void
set_up(World *world, gconstpointer data)
{
    static const RunnerLinkCallbacks callbacks = {on_packet, on_fault, on_closed};
    g_autoptr(GError) error = NULL;

    world->link = runner_link_new(&callbacks, world, &world->peer, &error);
    g_assert_no_error(error);
}

static void
tear_down(World *world, gconstpointer data)
{
    runner_link_free(world->link);
    if (world->peer >= 0) {
        close(world->peer);
    }
}

static gboolean
say(World *world, const void *bytes, gsize length)
{
    return send(world->peer, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static gboolean
say_progress(World *world)
{
    g_autoptr(Packet) packet = packet_new(PACKET_PROGRESS);
    g_autoptr(GBytes) bytes = NULL;

    packet->percent = 3;
    bytes = packet_encode(packet, NULL);
    return say(world, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static guint
say_as_many_as_fit(World *world)
{
    guint n = 0;

    while (say_progress(world)) {
        n++;
    }
    g_assert_cmpint(errno, ==, EAGAIN);
    return n;
}

static void
test_flood_leaves_room_for_others(World *world, gconstpointer data)
{
    guint sent = say_as_many_as_fit(world);

    g_assert_cmpuint(sent, >, 64);
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(world->packets, >, 0);
    g_assert_cmpuint(world->packets, <=, 32);
    runner_link_drain(world->link);
    g_assert_cmpuint(world->packets, ==, sent);
    g_assert_cmpuint(world->faults, ==, 0);
}

static void
test_who_does_not_read_is_not_read(World *world, gconstpointer data)
{
    guint before;

    world->answers = TRUE;
    say_as_many_as_fit(world);
    for (guint i = 0; i < 200; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    before = world->packets;
    g_assert_cmpuint(before, <, 16);
    say_as_many_as_fit(world);
    for (guint i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(world->packets, ==, before);
}

static void
test_what_waits_arrives_in_order(World *world, gconstpointer data)
{
    char *buffer = g_malloc(PACKET_SIZE_MAX);

    for (guint i = 0; i < 20; i++) {
        g_autoptr(Packet) packet = large_packet();

        packet->error_number = (int)i;
        g_assert_true(runner_link_send(world->link, packet, NULL));
    }
    for (guint i = 0; i < 20; i++) {
        g_autoptr(Packet) packet = NULL;
        ssize_t count = recv(world->peer, buffer, PACKET_SIZE_MAX, MSG_DONTWAIT);

        g_assert_cmpint(count, >, 100 * 1024);
        packet = packet_decode(buffer, (gsize)count, PACKET_FROM_DAEMON, NULL);
        g_assert_cmpint(packet->error_number, ==, (int)i);
        g_main_context_iteration(NULL, FALSE);
    }
    g_free(buffer);
}

/* Blocks of a stream for a runner that does not read: some wait, the rest is gone, and what must
 * arrive still does. */
static void
test_what_may_get_lost_does_not_pile_up(World *world, gconstpointer data)
{
    g_autoptr(Packet) block = packet_new(PACKET_STREAMED);
    g_autoptr(Packet) cancel = packet_new(PACKET_CANCEL);
    g_autofree char *buffer = g_malloc(PACKET_SIZE_MAX);
    g_autoptr(Packet) last = NULL;
    guint taken = 0;
    guint read = 0;
    ssize_t count;

    block->stream = g_strdup("s");
    block->topic = STREAM_DATA;
    block->payload = g_bytes_new_take(g_malloc0(STREAM_MESSAGE_MAX), STREAM_MESSAGE_MAX);
    for (guint i = 0; i < 1000; i++) {
        taken += runner_link_offer(world->link, block) ? 1 : 0;
    }
    g_assert_cmpuint(taken, >, 1);
    g_assert_cmpuint(taken, <, 20);
    g_assert_true(runner_link_send(world->link, cancel, NULL));
    while ((count = recv(world->peer, buffer, PACKET_SIZE_MAX, MSG_DONTWAIT)) > 0) {
        g_clear_pointer(&last, packet_free);
        last = packet_decode(buffer, (gsize)count, PACKET_FROM_DAEMON, NULL);
        g_main_context_iteration(NULL, FALSE);
        read++;
    }
    g_assert_cmpuint(read, ==, taken + 1);
    g_assert_cmpint(last->type, ==, PACKET_CANCEL);
    g_assert_true(runner_link_offer(world->link, block));
}

/* While blocks come faster than the runner reads, what it says is heard; and what it asks for is
 * still bounded by what it reads. */
static void
test_heard_while_blocks_wait(World *world, gconstpointer data)
{
    g_autoptr(Packet) block = packet_new(PACKET_STREAMED);

    block->stream = g_strdup("s");
    block->topic = STREAM_DATA;
    block->payload = g_bytes_new_take(g_malloc0(STREAM_MESSAGE_MAX), STREAM_MESSAGE_MAX);
    while (runner_link_offer(world->link, block)) {
    }
    g_assert_true(say_progress(world));
    for (guint i = 0; i < 50 && world->packets == 0; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(world->packets, ==, 1);
    world->answers = TRUE;
    say_as_many_as_fit(world);
    for (guint i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(world->packets, ==, 2);
}

static void
test_nonsense_is_a_fault_once(World *world, gconstpointer data)
{
    say(world, "{", 1);
    say(world, "{\"type\":\"go\"}", 13);
    say_progress(world);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    runner_link_drain(world->link);
    g_assert_cmpuint(world->faults, ==, 1);
    g_assert_cmpuint(world->packets, ==, 0);
}

static void
test_too_large_is_a_fault(World *world, gconstpointer data)
{
    g_autofree char *bytes = g_strnfill(PACKET_SIZE_MAX + 1, ' ');
    int size = 2 * PACKET_SIZE_MAX;

    setsockopt(world->peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    g_assert_true(say(world, bytes, PACKET_SIZE_MAX + 1));
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(world->faults, ==, 1);
}

static void
test_last_words_are_heard(World *world, gconstpointer data)
{
    g_autoptr(Packet) packet = packet_new(PACKET_CANCEL);

    say_progress(world);
    say_progress(world);
    close(world->peer);
    world->peer = -1;
    runner_link_drain(world->link);
    g_assert_cmpuint(world->packets, ==, 2);
    g_assert_cmpuint(world->closed, ==, 1);
    g_assert_true(runner_link_send(world->link, packet, NULL));
}

/* The last words of a runner that has not read all that was sent to it. */
static void
test_last_words_before_unread_packets(World *world, gconstpointer data)
{
    g_autoptr(Packet) block = packet_new(PACKET_STREAMED);

    block->stream = g_strdup("s");
    block->topic = STREAM_DATA;
    say_progress(world);
    say_progress(world);
    g_assert_true(runner_link_offer(world->link, block));
    close(world->peer);
    world->peer = -1;
    runner_link_drain(world->link);
    g_assert_cmpuint(world->packets, ==, 2);
    g_assert_cmpuint(world->closed, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/link/" path, World, NULL, set_up, func, tear_down)
    ADD("flood-leaves-room-for-others", test_flood_leaves_room_for_others);
    ADD("who-does-not-read-is-not-read", test_who_does_not_read_is_not_read);
    ADD("what-waits-arrives-in-order", test_what_waits_arrives_in_order);
    ADD("what-may-get-lost-does-not-pile-up", test_what_may_get_lost_does_not_pile_up);
    ADD("heard-while-blocks-wait", test_heard_while_blocks_wait);
    ADD("nonsense-is-a-fault-once", test_nonsense_is_a_fault_once);
    ADD("too-large-is-a-fault", test_too_large_is_a_fault);
    ADD("last-words-are-heard", test_last_words_are_heard);
    ADD("last-words-before-unread-packets", test_last_words_before_unread_packets);
    return g_test_run();
}
