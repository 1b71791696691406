#include "stream-want.h"

#include <string.h>

static gboolean
is_wanted(const guint8 *wanted, gsize wanted_length, guint32 bit)
{
    return wanted == NULL || (bit / 8 < wanted_length && (wanted[bit / 8] >> bit % 8 & 1) != 0);
}

/* The first one begins the bitmap; a gap is where the next is not the one after the last. FALSE
 * when it is too far behind the first. */
static gboolean
add(StreamWant *self, guint32 block)
{
    guint32 offset;

    if (self->asked == 0)
        self->first = block;
    offset = block - self->first;
    if (offset / 8 >= STREAM_BITMAP_MAX)
        return FALSE;
    self->gap = self->gap || offset != self->asked;
    self->open[offset / 8] |= (guint8)(1u << offset % 8);
    self->open_length = offset / 8 + 1;
    self->asked++;
    return TRUE;
}

gboolean
stream_want_init(StreamWant *self, gint64 size, guint32 block_size, guint32 first,
                 const guint8 *wanted, gsize wanted_length)
{
    guint32 total;

    *self = (StreamWant){.size = size, .block_size = block_size, .first = first};
    if (block_size < STREAM_BLOCK_SIZE_MIN || block_size > STREAM_BLOCK_SIZE_MAX || size < 0 ||
        size > (gint64)STREAM_BLOCKS_MAX * block_size)
        return FALSE;
    total = (guint32)((size + block_size - 1) / block_size);
    if (first > total || (wanted != NULL && wanted_length > STREAM_BLOCKS_MAX / 8))
        return FALSE;
    self->open = g_malloc0((total - first) / 8 + 1);
    for (guint32 block = first; block < total && self->asked < STREAM_ANSWER_MAX / block_size;
         block++)
        if (is_wanted(wanted, wanted_length, block - first) && !add(self, block))
            break;
    self->request = g_memdup2(self->open, self->open_length);
    return TRUE;
}

void
stream_want_clear(StreamWant *self)
{
    g_clear_pointer(&self->open, g_free);
    g_clear_pointer(&self->request, g_free);
}

void
stream_want_request(const StreamWant *self, StreamGet *get)
{
    get->block_size = self->block_size;
    get->first = self->first;
    get->count = self->asked;
    get->bitmap = self->gap ? self->request : NULL;
    get->bitmap_length = self->gap ? self->open_length : 0;
}

gboolean
stream_want_take(StreamWant *self, gint64 index, gsize length)
{
    gint64 left = self->size - index * self->block_size;
    gint64 offset = index - self->first;

    if (offset < 0 || (gsize)offset / 8 >= self->open_length)
        return FALSE;
    if ((self->open[offset / 8] >> offset % 8 & 1) == 0)
        return FALSE;
    if ((gint64)length != MIN(left, (gint64)self->block_size))
        return FALSE;
    self->open[offset / 8] &= (guint8) ~(1u << offset % 8);
    self->got++;
    return TRUE;
}

gboolean
stream_want_is_complete(const StreamWant *self)
{
    return self->got == self->asked;
}
