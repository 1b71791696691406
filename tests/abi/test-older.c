/* A plugin built today in an errand of yesterday, whose table of host functions ends earlier. */
#include <errand/plugin.h>

#include <glib.h>

static int32_t
describe(errand_job *job, const char *stream, int32_t format, int32_t file,
         errand_stream_file *found)
{
    return 0;
}

static void
test_streams(void)
{
    errand_host host = {.struct_size = offsetof(errand_host, stream_describe),
                        .stream_describe = describe};
    errand_job job = {&host};
    errand_stream_file found = {.struct_size = sizeof found};
    errand_stream_request request = {.struct_size = sizeof request};

    g_assert_cmpint(errand_stream_describe(&job, "s", ERRAND_STREAM_CBOR, 0, &found), ==, -ENOTSUP);
    g_assert_cmpint(errand_stream_get(&job, &request), ==, -ENOTSUP);
    host.struct_size = offsetof(errand_host, stream_get);
    g_assert_cmpint(errand_stream_describe(&job, "s", ERRAND_STREAM_CBOR, 0, &found), ==, 0);
    g_assert_cmpint(errand_stream_get(&job, &request), ==, -ENOTSUP);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/abi/older/streams", test_streams);
    return g_test_run();
}
