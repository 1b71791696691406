#include "children.h"

#include <dirent.h>
#include <stdlib.h>

/* Children hang on the thread that made them; adopted ones on any. */
static guint
visit_task(const char *task, ChildrenFunc visit, gpointer user_data)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%s/children", task);
    g_autofree char *text = NULL;
    guint count = 0;
    char *at, *next;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    for (at = text;; at = next) {
        long pid = strtol(at, &next, 10);

        if (next == at)
            return count;
        count += visit((pid_t)pid, user_data) ? 1 : 0;
    }
}

guint
children_visit(ChildrenFunc visit, gpointer user_data)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;
    guint count = 0;

    if (tasks == NULL)
        return 0;
    while ((entry = readdir(tasks)) != NULL) {
        if (g_ascii_isdigit(entry->d_name[0]))
            count += visit_task(entry->d_name, visit, user_data);
    }
    closedir(tasks);
    return count;
}
