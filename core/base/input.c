#include "input.h"

#include <errno.h>
#include <unistd.h>

char *
input_read(int fd, gsize limit, gsize *length)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    guint8 block[16384];

    while (content->len <= limit) {
        gssize got = read(fd, block, MIN(sizeof block, limit + 1 - content->len));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
        g_byte_array_append(content, block, (guint)got);
    }
    *length = content->len;
    g_byte_array_append(content, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&content), FALSE);
}
