/* `errandctl plugins`: what is installed, and which of it the owner enabled. */
#pragma once

#include "config.h"

/* Prints one line for each plugin, or one JSON object ({"plugins":[...]}) on one line; what is
 * wrong with a plugin goes to standard error. The exit status: 1 when there was such a fault. */
int plugin_list(const Config *config, gboolean json);
