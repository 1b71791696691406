/* The getters: each takes its key out of the file and reads it as what it should be. */
#include "keyfile-private.h"
#include "text.h"

/* How much of a wrong value a fault repeats. */
#define KEYFILE_SHOWN_MAX  60
#define KEYFILE_BAD_ESCAPE "has an unknown escape, allowed are \\s \\n \\t \\r \\; and \\\\"

void
keyfile_fault_value(Keyfile *self, const char *group, const char *key, const char *value,
                    const char *allowed)
{
    g_autofree char *shown = text_show(value, -1, KEYFILE_SHOWN_MAX, FALSE);

    keyfile_fault(self, group, key, "\"%s\" is not allowed, allowed is %s", shown, allowed);
}

/* As keyfile_take(), with the escapes undone; an empty value is NULL, as is one with a fault. */
static char *
keyfile_take_string(Keyfile *self, const char *group, const char *key)
{
    const char *raw = keyfile_take(self, group, key);

    if (raw == NULL || *raw == '\0')
        return NULL;
    char *text = keyfile_parse_string(raw);
    if (text == NULL)
        keyfile_fault(self, group, key, "%s", KEYFILE_BAD_ESCAPE);
    return text;
}

char *
keyfile_string(Keyfile *self, const char *group, const char *key, const char *fallback)
{
    char *text = keyfile_take_string(self, group, key);

    return text != NULL ? text : g_strdup(fallback);
}

char *
keyfile_required(Keyfile *self, const char *group, const char *key, const char *what)
{
    guint faults = keyfile_faults(self)->len;
    char *text = keyfile_take_string(self, group, key);

    if (text == NULL && keyfile_faults(self)->len == faults)
        keyfile_fault(self, group, key, "is missing, wanted is %s", what);
    return text;
}

char *
keyfile_raw(Keyfile *self, const char *group, const char *key)
{
    return g_strdup(keyfile_take(self, group, key));
}

gboolean
keyfile_boolean(Keyfile *self, const char *group, const char *key, gboolean fallback)
{
    const char *raw = keyfile_take(self, group, key);
    gboolean value = fallback;

    if (raw != NULL && *raw != '\0' && !keyfile_parse_boolean(raw, &value))
        keyfile_fault_value(self, group, key, raw, "true or false (yes or no, 1 or 0)");
    return value;
}

gint64
keyfile_integer(Keyfile *self, const char *group, const char *key, gint64 min, gint64 max,
                gint64 fallback)
{
    const char *raw = keyfile_take(self, group, key);
    gint64 value = 0;

    if (raw == NULL || *raw == '\0')
        return fallback;
    if (g_ascii_string_to_signed(raw, 10, min, max, &value, NULL))
        return value;
    g_autofree char *allowed =
        g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
    keyfile_fault_value(self, group, key, raw, allowed);
    return fallback;
}

gint64
keyfile_duration(Keyfile *self, const char *group, const char *key, gint64 min_ms, gint64 max_ms,
                 gint64 fallback_ms)
{
    const char *raw = keyfile_take(self, group, key);
    gint64 value = 0;

    if (raw == NULL || *raw == '\0')
        return fallback_ms;
    if (keyfile_parse_duration(raw, &value) && value >= min_ms && value <= max_ms)
        return value;
    g_autofree char *least = keyfile_parse_duration_text(min_ms);
    g_autofree char *most = keyfile_parse_duration_text(max_ms);
    g_autofree char *allowed =
        g_strdup_printf("a duration like 500ms 10s 5min 2h 1d from %s to %s", least, most);
    keyfile_fault_value(self, group, key, raw, allowed);
    return fallback_ms;
}

gint
keyfile_choice(Keyfile *self, const char *group, const char *key, const char *const *words,
               gint fallback)
{
    const char *raw = keyfile_take(self, group, key);

    if (raw == NULL || *raw == '\0')
        return fallback;
    for (gint i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], raw) == 0)
            return i;
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    g_autofree char *allowed = g_strdup_printf("one of %s", list);
    keyfile_fault_value(self, group, key, raw, allowed);
    return fallback;
}

char **
keyfile_list(Keyfile *self, const char *group, const char *key, const char *fallback)
{
    const char *raw = keyfile_take(self, group, key);
    char **list = raw != NULL ? keyfile_parse_list(raw) : NULL;

    if (raw != NULL && list == NULL)
        keyfile_fault(self, group, key, "%s", KEYFILE_BAD_ESCAPE);
    if (list == NULL && fallback != NULL)
        list = keyfile_parse_list(fallback);
    return list != NULL ? list : g_new0(char *, 1);
}
