/* Files outside of its private directory that a step could not remove itself, because it was
 * killed.
 *
 * Whoever makes such a file first adds its path to the file `leftovers` in the step's private
 * directory, as a line of its own. Once the job has ended what is still there is removed; only
 * regular files called ".errand-JOBID-..." are: the list is the runner's, not ours.
 */
#pragma once

#include <glib.h>

/* `folder` is the job's. Faults are logged. */
void leftovers_remove(const char *folder, const char *job_id);
/* The same, and then the folder goes, too. */
gboolean leftovers_remove_all(const char *folder, const char *job_id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
