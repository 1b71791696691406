/* Starting another program without carrying anything over, and hearing of its end.
 *
 * posix_spawn only (no fork, nothing runs between fork and exec). The child leads an own process
 * group, has default signals, an empty signal mask, "/" as directory, exactly the descriptors and
 * the environment given. Its end is heard through a pidfd; it stays a zombie until
 * child_reap(), so that its process group can be killed safely by number until then.
 *
 * Main context; not thread-safe. Errors: G_SPAWN_ERROR. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    const char *const *argv;        /* argv[0] is a path, or a name looked for on PATH */
    const char *const *environment; /* NULL: errand's own */
    const int *descriptors;         /* what becomes 0, 1, 2 ...; -1 is /dev/null; not closed here */
    guint n_descriptors;            /* at least 3 */
} ChildSpec;

typedef struct _Child Child;
typedef void (*ChildFunc)(Child *child, gpointer user_data);

/* ended is called once, from the main loop, when the process is a zombie. */
Child *child_spawn(const ChildSpec *spec, ChildFunc ended, gpointer user_data,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The number of the group it leads; nobody else's until it was reaped. */
pid_t child_group(const Child *self);
/* Sends a signal to the whole group; nothing once it was reaped. */
void child_kill_group(Child *self, int signal_number);
/* The wait status; -1 when unknown. Call in or after `ended`. */
int child_reap(Child *self);
/* Whether a child of that number was spawned and not reaped yet. */
gboolean child_is_spawned(pid_t pid);
/* Frees without touching the process: it may finish by itself. */
void child_leave(Child *self);
/* A child still there is killed with its group and waited for, shortly. */
void child_free(Child *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)
