/* One output pipe of a runner: read for ever, so that no plugin ever blocks on it, with flat
 * memory; the last 6 KiB are kept for the report. With --verbose each line is logged.
 *
 * Main context; not thread-safe. Reading is bounded per round of the loop. */
#pragma once

#include <glib.h>

/* Bytes kept: 1024 characters of at most 4 bytes, after a first word of up to 2048 that may have to
 * go, being half a URL. */
#define OUTPUT_TAIL_SIZE 6144

typedef struct _OutputTail OutputTail;
typedef void (*OutputTailFunc)(OutputTail *tail, gpointer user_data);

/* Makes the pipe; *write_fd is the end for the child, the caller closes it. label ("stdout") and
 * job_id are for the log. closed is called once, from the main loop, at end of file. */
OutputTail *output_tail_new(const char *job_id, const char *label, int *write_fd,
                            OutputTailFunc closed, gpointer user_data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads what is there now, at most a pipe's worth. TRUE when the end of the file was met: closed is
 * not called then. */
gboolean output_tail_drain(OutputTail *self);
gboolean output_tail_at_end(const OutputTail *self);
/* The last 1024 characters as one clean line, NULL when nothing was printed. Caller frees. */
char *output_tail_text(const OutputTail *self);
void output_tail_free(OutputTail *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputTail, output_tail_free)
