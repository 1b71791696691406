/* Stopping everything that a child process has started.
 *
 * errand-runner is a subreaper: whatever daemonises below it becomes its child, so walking the
 * parent links in /proc finds every descendant, in whatever process group or session it hides.
 */
#pragma once

/* SIGTERM to all descendants of this process; `grace_ms` later SIGKILL to those left, until none is
 * left or `kill_ms` have passed. Reaps them. Returns how many are left. */
int descend_stop(int grace_ms, int kill_ms);
