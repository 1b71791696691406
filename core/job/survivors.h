/* What a step of an earlier life of errandd still has running.
 *
 * A runner that outlives its daemon kills all it has started. When it was killed together with the
 * daemon nobody does: its programs go on, and a step run again would run beside itself. So the
 * record of a started step names its process group, and the next life kills what is left of that
 * before it judges the job. A group's number may belong to somebody else by now; hence a process is
 * taken for the step's only when it is in that group, in the same boot and in the session of the
 * daemon that started it, or when its TMPDIR is the step's private directory, as errand-runner's
 * is and that of what it starts.
 *
 * Main context; not thread-safe. Waits until they are gone, a second at most. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Kills and waits. group: 0 when there is none of this boot; directory: the step's private one.
 * Returns how many processes are left, which is 0 unless the kernel cannot end one. */
guint survivors_end(pid_t group, pid_t session, const char *directory);
