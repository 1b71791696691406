#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A pipe with so many bytes in it and no writer. */
static int
pipe_with(gsize length)
{
    g_autofree char *bytes = g_strnfill(length, 'x');
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], bytes, length), ==, (gssize)length);
    close(ends[1]);
    return ends[0];
}

static void
test_up_to_the_limit(void)
{
    static const gsize sizes[] = {0, 1, 99, 100};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        int fd = pipe_with(sizes[i]);
        gsize length = 1000;
        g_autofree char *text = input_read(fd, 100, &length);

        g_assert_cmpuint(length, ==, sizes[i]);
        g_assert_cmpuint(strlen(text), ==, sizes[i]);
        close(fd);
    }
}

/* Of what never ends no more than that is taken. */
static void
test_too_much_shows(void)
{
    int fd = pipe_with(40000);
    char rest[40000];
    gsize length = 0;
    g_autofree char *text = input_read(fd, 100, &length);

    g_assert_nonnull(text);
    g_assert_cmpuint(length, ==, 101);
    g_assert_cmpint(read(fd, rest, sizeof rest), ==, 40000 - 101);
    close(fd);
}

static void
test_longer_than_a_block(void)
{
    int fd = pipe_with(40000);
    gsize length = 0;
    g_autofree char *text = input_read(fd, 50000, &length);

    g_assert_cmpuint(length, ==, 40000);
    g_assert_cmpuint(strlen(text), ==, 40000);
    close(fd);
}

static void
test_a_fault_is_errno(void)
{
    gsize length = 0;

    errno = 0;
    g_assert_null(input_read(-1, 100, &length));
    g_assert_cmpint(errno, ==, EBADF);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/input/up-to-the-limit", test_up_to_the_limit);
    g_test_add_func("/input/too-much-shows", test_too_much_shows);
    g_test_add_func("/input/longer-than-a-block", test_longer_than_a_block);
    g_test_add_func("/input/a-fault-is-errno", test_a_fault_is_errno);
    return g_test_run();
}
