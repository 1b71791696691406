/* errandctl run: one document through the same engine as the daemon's, without any cloud.
 *
 * The claim is accepted at once, progress is printed as it comes, the final status decides the exit
 * status. Nothing is shared with a running daemon: the job lives in a state directory of its own
 * that is removed afterwards. The machine is not restarted when a plugin asks for it: its second
 * call is made at once, and the output says so.
 */
#pragma once

#include "config.h"

typedef struct {
    const char *document_file; /* "-" for standard input */
    gboolean json;             /* one JSON object at the end instead of text */
} LocalRunOptions;

/* 0 SUCCEEDED, 1 FAILED (or stopped from the terminal), 2 REJECTED. An error means that nothing was
 * run. config is borrowed and changed: reboots are pretended, one job runs at a time, and every
 * operation is enabled unless the owner wrote down which. */
int local_run(Config *config, const LocalRunOptions *options, GError **error);
