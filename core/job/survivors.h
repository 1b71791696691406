/* What a step of an earlier life of errandd still has running.
 *
 * A runner that outlives its daemon kills all it has started. When it was killed together with the
 * daemon nobody does: its programs go on, and a step run again would run beside itself. So the
 * record of a started step names its process group, and the next life kills what is left of that
 * before it judges the job. A group's number may belong to somebody else by now: after a restart of
 * the machine or of a container, or when the numbers have gone round. Hence a process is taken for
 * the step's only with the step's private directory as its TMPDIR, as errand-runner and what it
 * loads have; or in the same boot, in that group and in the session of the daemon that started it,
 * where the leaders of both began when the record says, or are gone. (As long as anybody is left in
 * a group or session, nobody else is given its number.)
 *
 * Main context; not thread-safe. Waits until they are gone, a second at most. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    pid_t group; /* of the runner that was told to go; 0: none */
    pid_t session;
    guint64 group_start; /* of the leader, as survivors_start_of(); 0: not known */
    guint64 session_start;
} SurvivorsOf;

/* Clock ticks from boot to the start of a process; 0 when it is gone or cannot be read. */
guint64 survivors_start_of(pid_t pid);
/* Of a group whose leader is a child of ours, not reaped yet, in our session. Cheap when it was
 * noted before. */
void survivors_note(SurvivorsOf *of, pid_t group);
/* Kills and waits. of: NULL when the record is of another boot; directory: the step's private one.
 * Returns how many processes are left, which is 0 unless the kernel cannot end one. */
guint survivors_end(const SurvivorsOf *of, const char *directory);
