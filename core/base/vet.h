/* Opening files that decide what runs as root: checked and used through one descriptor.
 *
 * A file qualifies when it is a regular one (no link, FIFO, device), belongs to root or to the user
 * errand runs as, and is not writable by group or others. The same goes for the directory that
 * it lies in and all above; but those above may be sticky and writable, like /tmp: there nobody can
 * touch what belongs to another. The descriptor returned is the one that was checked: pass it on,
 * never the path.
 *
 * Errors: VET_ERROR; the message has path, found, wanted and the command that mends it.
 * Never blocks: opens with O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC.
 */
#pragma once

#include <glib.h>

#define VET_ERROR (vet_error_quark())
GQuark vet_error_quark(void);

typedef enum {
    VET_ERROR_MISSING,   /* no such file */
    VET_ERROR_UNTRUSTED, /* owner, mode or type is wrong */
    VET_ERROR_IO,
} VetError;

/* Opens `name` (no '/') in the directory for reading; -1 on error. The caller closes. */
int vet_open(const char *directory, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the directory itself qualifies. */
gboolean vet_directory(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a private file (a key) is a regular file that group and others cannot read (mode & 077 ==
 * 0); the message has the chmod line. Stricter than wanted is fine. */
gboolean vet_private_file(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
