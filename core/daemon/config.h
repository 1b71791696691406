/* errand.conf and errand.conf.d -> the options of each module, with every fault collected.
 *
 * The file is the owner's word on what this gateway may do, so nothing in it is guessed: an unknown
 * group or key, a bad value, a file that is not there and a private key others can read are faults,
 * and the daemon does not start with one. A [plugin NAME] group is checked against the settings=
 * line of NAME's manifest. Its bad values, and a group for a plugin that is not installed, are
 * faults only when somebody asks (CONFIG_CHECK): they cost that plugin's jobs, while an errandd
 * that does not start cannot be mended from afar.
 *
 * Ownership: a Config owns everything in it. Not thread-safe; read once.
 */
#pragma once

#include "dispatcher.h"
#include "session.h"

#define CONFIG_DEFAULT_FILE ERRAND_SYSCONFDIR "/errand/errand.conf"

typedef struct {
    SessionOptions session;
    DispatcherOptions dispatcher;
    char *state_directory;
    char **plugin_directories;
    gboolean enabled_is_set; /* [operations] enabled was written down, not defaulted */
    GPtrArray *faults;       /* char *, one line each; empty when all is well */
} Config;

typedef enum {
    CONFIG_DAEMON, /* everything must be there */
    CONFIG_CHECK,  /* the same, and what the daemon would start with, but jobs would stumble over */
    CONFIG_LOCAL,  /* errandctl: no broker is needed, a missing default file is fine */
} ConfigUse;

/* Never NULL: look at faults. path NULL means the default file. plugin_directories, when not NULL,
 * are searched before the configured ones (--plugin-dir). */
Config *config_load(const char *path, const char *const *plugin_directories, ConfigUse use);
void config_free(Config *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)
