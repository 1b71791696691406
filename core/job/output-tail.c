#include "output-tail.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "details.h"
#include "log.h"
#include "text.h"

#define CHUNK          16384
#define ROUNDS_MAX     8    /* chunks per round of the loop: 128 KiB, then others have their turn */
#define URL_LENGTH_MAX 2048 /* presigned ones with a session token have 1,500 to 1,800 bytes */
#define LOGGED_MAX     1024 /* bytes of a logged line; the rest of a longer one is left out */

struct _OutputTail {
    int fd;
    GSource *source;
    OutputTailFunc closed;
    gpointer user_data;
    char *job_id;
    char *label;
    char kept[OUTPUT_TAIL_SIZE];
    gsize length;
    gboolean cut;  /* there was more before */
    GString *line; /* NULL when lines are not logged */
};

static void
keep(OutputTail *self, const char *bytes, gsize length)
{
    gsize over;

    self->cut = self->cut || self->length + length > OUTPUT_TAIL_SIZE;
    if (length >= OUTPUT_TAIL_SIZE) {
        memcpy(self->kept, bytes + length - OUTPUT_TAIL_SIZE, OUTPUT_TAIL_SIZE);
        self->length = OUTPUT_TAIL_SIZE;
        return;
    }
    over = self->length + length > OUTPUT_TAIL_SIZE ? self->length + length - OUTPUT_TAIL_SIZE : 0;
    memmove(self->kept, self->kept + over, self->length - over);
    self->length -= over;
    memcpy(self->kept + self->length, bytes, length);
    self->length += length;
}

static void
log_line(OutputTail *self)
{
    g_autofree char *clean = text_show(self->line->str, (gssize)self->line->len, LOGGED_MAX, FALSE);

    if (*clean) {
        log_job(G_LOG_LEVEL_DEBUG, self->job_id, "%s: %s", self->label, clean);
    }
    g_string_truncate(self->line, 0);
}

static void
log_lines(OutputTail *self, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            log_line(self);
        } else if (self->line->len < LOGGED_MAX) {
            g_string_append_c(self->line, bytes[i]);
        }
    }
}

static void
shut(OutputTail *self)
{
    if (self->line && self->line->len > 0) {
        log_line(self);
    }
    if (self->source) {
        g_source_destroy(self->source);
        g_clear_pointer(&self->source, g_source_unref);
    }
    if (self->fd >= 0) {
        close(self->fd);
        self->fd = -1;
    }
}

gboolean
output_tail_drain(OutputTail *self)
{
    char chunk[CHUNK];

    for (guint round = 0; self->fd >= 0 && round < ROUNDS_MAX; round++) {
        ssize_t count = read(self->fd, chunk, sizeof chunk);

        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return FALSE;
        }
        if (count <= 0) {
            shut(self);
            return TRUE;
        }
        keep(self, chunk, (gsize)count);
        if (self->line) {
            log_lines(self, chunk, (gsize)count);
        }
    }
    return self->fd < 0;
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    OutputTail *self = user_data;

    if (!output_tail_drain(self)) {
        return G_SOURCE_CONTINUE;
    }
    self->closed(self, self->user_data);
    return G_SOURCE_REMOVE;
}

OutputTail *
output_tail_new(const char *job_id, const char *label, int *write_fd, OutputTailFunc closed,
                gpointer user_data, GError **error)
{
    OutputTail *self;
    int ends[2];

    if (!g_unix_open_pipe(ends, FD_CLOEXEC, error)) {
        return NULL;
    }
    if (!g_unix_set_fd_nonblocking(ends[0], TRUE, error)) {
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    self = g_new0(OutputTail, 1);
    self->fd = ends[0];
    self->closed = closed;
    self->user_data = user_data;
    self->job_id = g_strdup(job_id);
    self->label = g_strdup(label);
    self->line = log_is_verbose() ? g_string_new(NULL) : NULL;
    self->source = g_unix_fd_source_new(self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(self->source, G_SOURCE_FUNC(on_readable), self, NULL);
    g_source_attach(self->source, NULL);
    *write_fd = ends[1];
    return self;
}

gboolean
output_tail_at_end(const OutputTail *self)
{
    return self->fd < 0;
}

/* Where whole words begin: half a word may be the end of a URL, its signature among it. One of a
 * length no URL has is something else, and may be all there is. */
static gsize
whole_words(const OutputTail *self)
{
    for (gsize i = 0; self->cut && i < MIN(self->length, URL_LENGTH_MAX); i++) {
        if (g_ascii_isspace(self->kept[i])) {
            return i;
        }
    }
    return 0;
}

/* Blanks credentials before it cuts, for of half a URL nobody could tell. */
char *
output_tail_text(const OutputTail *self)
{
    gsize start = whole_words(self);
    g_autofree char *text =
        text_show(self->kept + start, (gssize)(self->length - start), DETAILS_VALUE_MAX, TRUE);

    return *text ? g_steal_pointer(&text) : NULL;
}

void
output_tail_free(OutputTail *self)
{
    if (!self) {
        return;
    }
    shut(self);
    if (self->line) {
        g_string_free(self->line, TRUE);
    }
    g_free(self->job_id);
    g_free(self->label);
    g_free(self);
}
