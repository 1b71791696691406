/* The larger groups of errand.conf, one reader each; private to config*.c. Faults go into the
 * keyfile. */
#pragma once

#include "config.h"
#include "keyfile.h"

/* [broker] and [thing] */
void config_read_broker(SessionOptions *options, Keyfile *file, ConfigUse use);
/* [jobs] */
void config_read_jobs(Config *self, Keyfile *file);
/* every [plugin NAME]; the plugin directories must have been read before */
void config_read_plugins(Config *self, Keyfile *file, ConfigUse use);

/* A plugin's setting, and what its manifest says that belongs there. Borrowed. */
typedef struct {
    Keyfile *file;
    const char *group;
    const char *key;
    const char *value;
    const char *kind; /* as in manifest.h; "" for anything */
} ConfigSetting;

void config_check_setting(const ConfigSetting *setting);
/* The key "proxy" of a group; value may be NULL. */
void config_check_proxy(Keyfile *file, const char *group, const char *value);
