/* The children of this process, adopted ones included.
 *
 * A subreaper (prctl(2)) is given every process whose parents died below it. It has to find out
 * that it has them, and a number it finds stays theirs until it has called waitpid() for it.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef gboolean (*ChildrenFunc)(pid_t pid, gpointer user_data);

/* Calls visit for every child of any thread, the dead that nobody waited for among them. Returns
 * how often it said TRUE. 0 on a kernel without /proc/PID/task/TID/children. Any thread. */
guint children_visit(ChildrenFunc visit, gpointer user_data);
