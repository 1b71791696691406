#include "crash-point.h"

#ifdef ERRAND_TESTS

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As a shell reports a process that kill -9 ended: 128 + 9. */
#define CRASH_POINT_STATUS 137

/* Made by the linker when a program has at least one crash point; weak for one that has none. */
extern const char *const __start_errand_crash[] __attribute__((weak, visibility("hidden")));
extern const char *const __stop_errand_crash[] __attribute__((weak, visibility("hidden")));

void
crash_point_hit(const char *name)
{
    static gint passages = 0;
    const char *wanted = getenv("ERRAND_TEST_CRASH_AT");
    gsize length = strlen(name);
    guint64 nth = 1;

    if (wanted != NULL && strcmp(wanted, "?") == 0)
        g_printerr("crash point %s\n", name);
    if (wanted == NULL || strncmp(wanted, name, length) != 0)
        return;
    const char *rest = wanted + length;
    if (*rest == ':' && !g_ascii_string_to_unsigned(rest + 1, 10, 1, G_MAXINT, &nth, NULL))
        return;
    if (*rest != ':' && *rest != '\0')
        return;
    if ((guint64)g_atomic_int_add(&passages, 1) + 1 == nth)
        _exit(CRASH_POINT_STATUS);
}

static gint
crash_point_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
crash_point_list(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *last = NULL;

    for (const char *const *p = __start_errand_crash; p != __stop_errand_crash; p++)
        g_ptr_array_add(names, (gpointer)*p);
    g_ptr_array_sort(names, crash_point_compare);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (last == NULL || strcmp(last, name) != 0)
            g_print("%s\n", name);
        last = name;
    }
}

#else

/* An empty translation unit is not C. */
typedef int CrashPointNothing;

#endif
