/* One NAME.plugin keyfile: all the daemon ever reads of a plugin.
 *
 *   [plugin]
 *   name=reboot                 the file's name without .plugin
 *   module=reboot.so            a file name in the same directory
 *   abi=1
 *   operations=reboot;shutdown  [A-Za-z0-9_-], 1..64 bytes each
 *   document-keys=              top-level keys of foreign documents that go to the first operation
 *   settings=                   names allowed in [plugin NAME]; without this line any is. NAME:KIND
 *                               says what belongs there: flag, duration, size, path, paths, file,
 *                               key-file, account, proxy, or words as in cbor|json. Any other word
 *                               is for a later errand, and says nothing here
 *   exclusive=false             runs alone
 *   user=root                   account the runner becomes; empty: errand's own
 *   timeout=                    default time limit of a step
 *
 * Errors: MANIFEST_ERROR, every fault of the file in one message. Owns its members. */
#pragma once

#include <glib.h>

#define MANIFEST_ERROR (manifest_error_quark())
GQuark manifest_error_quark(void);
typedef enum { MANIFEST_ERROR_INVALID } ManifestError;

typedef struct {
    char *name;
    char *module;
    char *directory; /* where both files are */
    guint abi;
    char **operations;
    char **document_keys;
    char **settings;      /* NULL: any */
    char **setting_kinds; /* one for each of settings; "" when it says none */
    gboolean exclusive;
    char *user;        /* NULL: stay */
    gint64 timeout_ms; /* 0: the default */
} Manifest;

Manifest *manifest_parse(const char *file_name, const char *directory, const char *text,
                         gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void manifest_free(Manifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Manifest, manifest_free)
