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
void config_read_plugins(Config *self, Keyfile *file);
