/* Strict reading of keyfiles: "consume and complain".
 *
 * Every getter takes its key out; keyfile_finish() turns whatever is left over into a fault.
 * Nothing is an error by itself: all faults are collected, each as one line
 * (FILE: [GROUP] KEY: what is wrong, what is allowed), so that an owner sees every mistake of a
 * configuration in one go. Getters return the fallback after a fault, so reading can go on.
 *
 * Several files may be added; a later file's key replaces an earlier one's, and the fault names the
 * file the key came from. Whole-line comments anywhere (also before the first group) and a UTF-8
 * byte order mark are harmless. No variable expansion. Lists are separated by ';', which may
 * also end one, with GKeyFile's escapes.
 *
 * Ownership: strings returned belong to the caller. Not thread-safe.
 */
#pragma once

#include <glib.h>

/* Largest file read, in bytes; anything bigger is not a configuration. */
#define KEYFILE_SIZE_MAX (256 * 1024)

typedef struct _Keyfile Keyfile;

Keyfile *keyfile_new(void);
void keyfile_free(Keyfile *self);

/* Adds a file. A missing, unreadable, oversized or unparsable file is a fault naming it; with
 * optional TRUE a missing one is nothing. What everybody may write, file or directory, is a fault
 * and not read. */
void keyfile_add_file(Keyfile *self, const char *path, gboolean optional);
/* Adds every *.conf of a directory in byte order of the names; a missing directory is nothing.
 * Names that begin with '.' or contain ".dpkg-" are skipped. */
void keyfile_add_directory(Keyfile *self, const char *path);
/* Adds text as if it were the file `name`. */
void keyfile_add_text(Keyfile *self, const char *name, const char *text, gsize length);

gboolean keyfile_has_key(const Keyfile *self, const char *group, const char *key);
/* Names of the groups that start with prefix ("plugin "), in file order. */
char **keyfile_groups(const Keyfile *self, const char *prefix);
/* All keys of a group, in file order. */
char **keyfile_keys(const Keyfile *self, const char *group);

/* An empty value counts as unset. fallback may be NULL. */
char *keyfile_string(Keyfile *self, const char *group, const char *key, const char *fallback);
/* Fault "is missing" when unset; `what` says in words what belongs there. Returns NULL then. */
char *keyfile_required(Keyfile *self, const char *group, const char *key, const char *what);
/* As the file has it between '=' and the line end, escapes and all, only without blanks at both
 * ends (for plugin settings). NULL when unset; an empty value is "". */
char *keyfile_raw(Keyfile *self, const char *group, const char *key);
gboolean keyfile_boolean(Keyfile *self, const char *group, const char *key,
                         gboolean fallback); /* true|false|yes|no|1|0 */
gint64 keyfile_integer(Keyfile *self, const char *group, const char *key, gint64 min, gint64 max,
                       gint64 fallback);
/* "10s", "5min", "2h", "1d", "500ms"; a bare number is seconds. Milliseconds. */
gint64 keyfile_duration(Keyfile *self, const char *group, const char *key, gint64 min_ms,
                        gint64 max_ms, gint64 fallback_ms);
/* One of words (NULL-terminated); its index. */
gint keyfile_choice(Keyfile *self, const char *group, const char *key, const char *const *words,
                    gint fallback);
/* NULL-terminated; fallback is a ';' list in text form and may be NULL for an empty list.
 * "KEY=" is an empty list, not the fallback: it is how an owner says "none". */
char **keyfile_list(Keyfile *self, const char *group, const char *key, const char *fallback);

/* Adds the fault "VALUE" is not allowed, allowed is ...; of the value no more is repeated than
 * tells it. */
void keyfile_fault_value(Keyfile *self, const char *group, const char *key, const char *value,
                         const char *allowed);
/* Adds a fault in the usual form; key may be NULL. For checks between keys. */
void keyfile_fault(Keyfile *self, const char *group, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Every group and key not consumed so far becomes a fault. `groups` lists the known group names for
 * the message. */
void keyfile_finish(Keyfile *self, const char *known_groups);
/* The faults so far, in file and line order of discovery (char *); belongs to self. */
GPtrArray *keyfile_faults(Keyfile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyfile, keyfile_free)
