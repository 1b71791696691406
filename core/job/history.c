#include "history.h"

#include "clock.h"
#include "durable.h"
#include "history-line.h"

#include <string.h>

#define HISTORY_FILE     "history"
#define HISTORY_SIZE_MAX (1024 * 1024)
/* The last line may go beyond the size. */
#define HISTORY_READ_MAX (2 * HISTORY_SIZE_MAX)

static gboolean
is_told_in(const char *directory, const char *name, const ExecutionId *id)
{
    g_autofree char *text = durable_read(directory, name, HISTORY_READ_MAX, NULL, NULL);
    g_autofree char *words = history_line_words(id);

    return text && strstr(text, words) != NULL;
}

static gboolean
came_late(const char *directory, const JobRecord *record)
{
    if (record->claimed || record->state != STORED_CLAIMING) {
        return FALSE;
    }
    return is_told_in(directory, HISTORY_FILE, record->id) ||
           is_told_in(directory, HISTORY_FILE ".1", record->id);
}

gboolean
history_add(const char *directory, const JobRecord *record, const char *outcome, GError **error)
{
    g_autofree char *when = clock_wall_text();
    g_autofree char *line = history_line(record, outcome, when);

    return came_late(directory, record) ||
           durable_append_line(directory, HISTORY_FILE, line, HISTORY_SIZE_MAX, error);
}
