/* Which plugin serves which operation: the manifests (NAME.plugin) of the plugin directories,
 * vetted.
 *
 * The daemon reads manifests only; modules are opened (vetted, see vet.h) when a step needs one,
 * and the descriptor that was checked is the one the runner loads. An earlier directory wins over a
 * later one by plugin name; a manifest that is a link to /dev/null masks. Other
 * files, and those with ".dpkg-" in their name, are skipped. A bad manifest costs that plugin
 * alone: it is kept as a fault for the log and for listing. When two plugins claim one operation,
 * the first in directory and name order has it, with a fault.
 *
 * Errors: VET_ERROR. Not thread-safe.
 */
#pragma once

#include "manifest.h"

typedef struct _Registry Registry;

/* directories are searched in order (NULL-terminated). */
Registry *registry_new(const char *const *directories);
void registry_free(Registry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Registry, registry_free)

/* Reads the directories again when something in them changed, and tells whether it did; cheap
 * enough to be called before each job, so that an upgraded plugin serves the next. */
gboolean registry_scan(Registry *self);
const Manifest *registry_lookup(Registry *self, const char *operation);
/* The manifest whose document-keys has this top-level key. */
const Manifest *registry_lookup_key(Registry *self, const char *key);
const Manifest *registry_by_name(Registry *self, const char *name);
/* All manifests in name order: Manifest *. Belongs to the registry, valid until the next scan. */
GPtrArray *registry_manifests(Registry *self);
/* Lines that say what was skipped and why: char *. Belongs to the registry. */
GPtrArray *registry_faults(Registry *self);
/* Writes them to the log, one warning each. */
void registry_log_faults(Registry *self);
/* Opens a manifest's module for the runner: vetted; the caller closes. -1 with VET_ERROR. */
int registry_open_module(Registry *self, const Manifest *manifest,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
