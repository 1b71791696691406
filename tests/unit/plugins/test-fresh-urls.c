/* How often a job document is fetched again for a URL that has run out. */
#include "download-host.h"

#include <string.h>

static FakeHost *
morsels(guint bytes)
{
    g_autofree char *where = g_strdup_printf("morsels/%u?secret", bytes);
    FakeHost *host = host_for(where, "f", "");

    fake_host_set(host, "retry-delay", "1ms");
    fake_host_set(host, "traffic-limit", "1000");
    return host;
}

static void
test_as_long_as_they_bring_something(void)
{
    g_autoptr(FakeHost) host = morsels(300000);

    fake_host_assert(host, fake_host_run(host), ERRAND_SUCCEEDED, NULL);
    g_assert_true(file_server_is_whole(server, "f"));
    g_assert_cmpuint(host->n_refreshed, ==, CONTENT_SIZE / 300000);
}

static void
test_not_for_a_byte_each(void)
{
    g_autoptr(FakeHost) host = morsels(1);

    fake_host_assert(host, fake_host_run(host), ERRAND_FAILED, "expired-url");
    g_assert_nonnull(strstr(host->message, "403 again and again"));
    g_assert_cmpuint(host->n_refreshed, ==, 3);
    g_assert_cmpuint(file_server_n_files(server), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    download_begin();
    g_test_add_func("/plugin/fresh-urls/as-long-as-they-bring-something",
                    test_as_long_as_they_bring_something);
    g_test_add_func("/plugin/fresh-urls/not-for-a-byte-each", test_not_for_a_byte_each);
    return download_end();
}
