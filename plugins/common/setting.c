#include "setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    int64_t factor;
} Unit;

/* Ten years: sums of times must not overflow, and no wait is meant to be longer. */
#define DURATION_MAX_MS (3650LL * 86400 * 1000)

static const Unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60 * 1000}, {"h", 3600 * 1000}, {"d", 86400 * 1000}};
static const Unit size_units[] = {
    {"", 1}, {"K", 1024}, {"M", 1024 * 1024}, {"G", 1024 * 1024 * 1024}};

const char *
setting_text(errand_job *job, const char *key)
{
    const char *text = errand_setting(job, key);

    return text == NULL || *text == '\0' ? NULL : text;
}

static int32_t
setting_bad(errand_job *job, const char *plugin, const char *key, const char *allowed)
{
    return errand_reject(job, "internal", "errand.conf: [plugin %s] %s: not %s", plugin, key,
                         allowed);
}

/* A positive number followed by one of the units. */
static bool
parse_units(const char *text, const Unit *units, size_t count, int64_t *value)
{
    char *end = NULL;
    long long number;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || number < 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(end, units[i].name) == 0)
            return !__builtin_mul_overflow((int64_t)number, units[i].factor, value);
    }
    return false;
}

int32_t
setting_bool(errand_job *job, const char *plugin, const char *key, bool *value)
{
    const char *text = setting_text(job, key);

    if (text == NULL)
        return ERRAND_SUCCEEDED;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return setting_bad(job, plugin, key, "\"true\" or \"false\"");
    *value = strcmp(text, "true") == 0;
    return ERRAND_SUCCEEDED;
}

int32_t
setting_duration(errand_job *job, const char *plugin, const char *key, int64_t *value)
{
    const char *text = setting_text(job, key);
    int64_t number;

    if (text == NULL)
        return ERRAND_SUCCEEDED;
    if (parse_units(text, duration_units, sizeof duration_units / sizeof duration_units[0],
                    &number) &&
        number <= DURATION_MAX_MS) {
        *value = number;
        return ERRAND_SUCCEEDED;
    }
    return setting_bad(job, plugin, key, "a duration (\"10s\", \"5min\", \"2h\", \"1d\")");
}

int32_t
setting_size(errand_job *job, const char *plugin, const char *key, int64_t *value)
{
    const char *text = setting_text(job, key);

    if (text == NULL ||
        parse_units(text, size_units, sizeof size_units / sizeof size_units[0], value))
        return ERRAND_SUCCEEDED;
    return setting_bad(job, plugin, key, "a number of bytes (\"1000\", \"64K\", \"10M\", \"2G\")");
}

const char *
setting_list_item(errand_job *job, const char *key, const char *const *defaults, int32_t index)
{
    if (errand_setting(job, key) != NULL)
        return errand_setting_item(job, key, index);
    for (int32_t i = 0; i < index && *defaults != NULL; i++)
        defaults++;
    return *defaults;
}

bool
setting_list_allows(errand_job *job, const char *key, const char *value)
{
    static const char *const any[] = {"*", NULL};
    const char *item;

    for (int32_t i = 0; (item = setting_list_item(job, key, any, i)) != NULL; i++) {
        if (strcmp(item, "*") == 0 || strcmp(item, value) == 0)
            return true;
    }
    return false;
}
