#include "strays.h"

#include "child.h"
#include "children.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Numbers of adopted processes that may stay; a number is theirs until it was waited for. */
static GHashTable *left_alone;

gboolean
strays_adopt(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static gboolean
visit(pid_t pid, gpointer kill_new)
{
    gpointer key = GINT_TO_POINTER(pid);

    if (child_is_spawned(pid)) {
        return FALSE;
    }
    if (waitpid(pid, NULL, WNOHANG) != 0) {
        g_hash_table_remove(left_alone, key);
        return FALSE;
    }
    if (g_hash_table_contains(left_alone, key)) {
        return FALSE;
    }
    if (*(const gboolean *)kill_new) {
        return kill(pid, SIGKILL) == 0;
    }
    g_hash_table_add(left_alone, key);
    return FALSE;
}

gboolean
strays_sweep(gboolean kill_new)
{
    if (!left_alone) {
        left_alone = g_hash_table_new(NULL, NULL);
    }
    return children_visit(visit, &kill_new) > 0;
}
