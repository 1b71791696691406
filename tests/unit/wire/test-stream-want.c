/* Which blocks a request asks for, and which are taken. */
#include "stream-want.h"

#include <string.h>

static gboolean
init(StreamWant *want, gint64 size, guint32 block_size, guint32 first, const guint8 *wanted,
     gsize length)
{
    return stream_want_init(want, size, block_size, first, wanted, length);
}

static void
test_all(void)
{
    g_auto(StreamWant) want = {0};
    StreamGet get = {0};

    g_assert_true(init(&want, 1000, 256, 0, NULL, 0));
    stream_want_request(&want, &get);
    g_assert_cmpuint(get.first, ==, 0);
    g_assert_cmpuint(get.count, ==, 4);
    g_assert_cmpuint(get.block_size, ==, 256);
    g_assert_null(get.bitmap);
    g_assert_true(stream_want_take(&want, 3, 232));
    g_assert_true(stream_want_take(&want, 0, 256));
    g_assert_false(stream_want_is_complete(&want));
    g_assert_true(stream_want_take(&want, 2, 256));
    g_assert_true(stream_want_take(&want, 1, 256));
    g_assert_true(stream_want_is_complete(&want));
}

static void
test_what_is_not_taken(void)
{
    static const guint8 wanted[] = {0x0d}; /* 10, 12, 13 */
    g_auto(StreamWant) want = {0};

    g_assert_true(init(&want, 14 * 256 - 1, 256, 10, wanted, 1));
    g_assert_cmpuint(want.asked, ==, 3);
    g_assert_false(stream_want_take(&want, 9, 256));
    g_assert_false(stream_want_take(&want, 11, 256));
    g_assert_false(stream_want_take(&want, 14, 256));
    g_assert_false(stream_want_take(&want, -1, 256));
    g_assert_false(stream_want_take(&want, G_MAXINT64 / 256, 256));
    g_assert_false(stream_want_take(&want, 10, 255));
    g_assert_false(stream_want_take(&want, 10, 257));
    g_assert_false(stream_want_take(&want, 13, 256));
    g_assert_true(stream_want_take(&want, 13, 255));
    g_assert_false(stream_want_take(&want, 13, 255));
    g_assert_true(stream_want_take(&want, 10, 256));
    g_assert_cmpuint(want.got, ==, 2);
}

/* The vector: 20, 21, 24 and 43 from 20 on; also when the bitmap begins earlier. */
static void
test_bitmap(void)
{
    static const guint8 wanted[] = {0x00, 0x00, 0x30, 0x01, 0x00, 0x08};
    static const guint8 sent[] = {0x13, 0x00, 0x80};
    g_auto(StreamWant) want = {0};
    StreamGet get = {0};

    g_assert_true(init(&want, 100 * 256, 256, 0, wanted, sizeof wanted));
    g_assert_true(stream_want_take(&want, 24, 256));
    stream_want_request(&want, &get);
    g_assert_cmpuint(get.first, ==, 20);
    g_assert_cmpmem(get.bitmap, get.bitmap_length, sent, sizeof sent);
}

static void
test_one_answer_full(void)
{
    g_auto(StreamWant) small = {0};
    g_auto(StreamWant) large = {0};
    StreamGet get = {0};

    g_assert_true(init(&small, 24 << 20, 256, 0, NULL, 0));
    g_assert_cmpuint(small.asked, ==, 512);
    g_assert_true(init(&large, 24 << 20, 65536, 383, NULL, 0));
    stream_want_request(&large, &get);
    g_assert_cmpuint(get.first, ==, 383);
    g_assert_cmpuint(get.count, ==, 1);
}

/* The first and the last block of the largest file do not fit one bitmap. */
static void
test_far_apart(void)
{
    g_autofree guint8 *wanted = g_malloc0(STREAM_BLOCKS_MAX / 8);
    g_auto(StreamWant) want = {0};
    StreamGet get = {0};

    wanted[0] = 1;
    wanted[1000] = 1;
    wanted[STREAM_BLOCKS_MAX / 8 - 1] = 0x80;
    g_assert_true(
        init(&want, (gint64)STREAM_BLOCKS_MAX * 256, 256, 0, wanted, STREAM_BLOCKS_MAX / 8));
    stream_want_request(&want, &get);
    g_assert_cmpuint(want.asked, ==, 2);
    g_assert_cmpuint(get.bitmap_length, ==, 1001);
}

static void
test_nothing_to_ask_for(void)
{
    static const guint8 none[] = {0, 0};
    static const guint8 behind[] = {0xf0};
    g_auto(StreamWant) want = {0};

    g_assert_true(init(&want, 1024, 256, 0, none, sizeof none));
    g_assert_cmpuint(want.asked, ==, 0);
    stream_want_clear(&want);
    g_assert_true(init(&want, 1024, 256, 0, behind, sizeof behind));
    g_assert_cmpuint(want.asked, ==, 0);
    stream_want_clear(&want);
    g_assert_true(init(&want, 0, 256, 0, NULL, 0));
    g_assert_true(stream_want_is_complete(&want));
    stream_want_clear(&want);
    g_assert_true(init(&want, 1024, 256, 4, NULL, 0));
    g_assert_cmpuint(want.asked, ==, 0);
}

static void
test_out_of_bounds(void)
{
    static const guint8 wanted[STREAM_BLOCKS_MAX / 8 + 1];
    const struct {
        gint64 size;
        guint32 block_size;
        guint32 first;
        gsize length;
    } bad[] = {
        {1024, 255, 0, 1},
        {1024, 65537, 0, 1},
        {1024, 0, 0, 1},
        {-1, 256, 0, 1},
        {(gint64)STREAM_BLOCKS_MAX * 256 + 1, 256, 0, 1},
        {G_MAXINT64, 65536, 0, 1},
        {1024, 256, 5, 1},
        {1024, 256, G_MAXUINT32, 1},
        {1024, 256, 0, sizeof wanted},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(StreamWant) want = {0};

        g_assert_false(
            init(&want, bad[i].size, bad[i].block_size, bad[i].first, wanted, bad[i].length));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-want/all", test_all);
    g_test_add_func("/stream-want/what-is-not-taken", test_what_is_not_taken);
    g_test_add_func("/stream-want/bitmap", test_bitmap);
    g_test_add_func("/stream-want/one-answer-full", test_one_answer_full);
    g_test_add_func("/stream-want/far-apart", test_far_apart);
    g_test_add_func("/stream-want/nothing-to-ask-for", test_nothing_to_ask_for);
    g_test_add_func("/stream-want/out-of-bounds", test_out_of_bounds);
    return g_test_run();
}
