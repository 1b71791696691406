/* Files that survive a power cut: old content or new content, never neither.
 *
 * Durable means: temporary file in the same directory, write, fsync, rename, fsync of the
 * directory. Two syncs; callers keep their number per job small and constant. Reading a damaged
 * file is the caller's to notice; setting it aside is here, so that evidence is kept and the next
 * start is clean.
 *
 * Blocking by design (a sync takes 0.5 ms on a good disk, a second on a bad card), hence only for
 * state that must be on disk before the next step. Errors: G_FILE_ERROR, message names path, errno
 * text. All files are created 0600 and directories 0700 whatever the umask.
 */
#pragma once

#include <glib.h>

/* Creates (if need be) path and its parents with mode 0700 for what is new, and syncs the parent.
 */
gboolean durable_make_directory(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Replaces directory/name by content. */
gboolean durable_write(const char *directory, const char *name, const void *content, gsize length,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A replacement that is written and synced already and only waits to be put in place. Whoever knows
 * what the next durable_write() will most likely say has it done while waiting for something else:
 * the rename is what counts, so nothing happens before its time. */
typedef struct _DurableAhead DurableAhead;
/* NULL when it cannot be written: then nothing is gained, and durable_write() says why. Blocks for
 * one sync. */
DurableAhead *durable_ahead_new(const char *directory, const char *name, const void *content,
                                gsize length);
/* The same as durable_write(), which it is when ahead (may be NULL) is for something else or has
 * other content. Takes ahead. */
gboolean durable_write_ahead(DurableAhead *ahead, const char *directory, const char *name,
                             const void *content, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Drops the replacement. */
void durable_ahead_free(DurableAhead *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DurableAhead, durable_ahead_free)
/* The content, with a NUL after it; NULL and G_FILE_ERROR_NOENT when absent, _FAILED when over
 * limit, _INVAL when not a regular file. */
char *durable_read(const char *directory, const char *name, gsize limit, gsize *length,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Appends one line (newline added) to a file in one write; created if absent; no sync. When the
 * file is over max_size bytes it is first renamed to NAME.1 (replacing an older one). */
gboolean durable_append_line(const char *directory, const char *name, const char *line,
                             gsize max_size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean durable_sync_directory(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Renames path (file or folder) to aside_directory/NAME.N (N the first free number) and returns the
 * new path; at most 32 such things are kept, the oldest goes. Never fails the caller: NULL with
 * error when even that was impossible. */
char *durable_set_aside(const char *path, const char *aside_directory,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a file or a whole tree, by descriptors and without following links; absent is success. */
gboolean durable_remove_tree(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
