#include "config-groups.h"

#include "vet.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>

typedef struct {
    const char *kind;
    const char *pattern; /* what the plugins' own readers take */
    const char *allowed;
} Form;

static const Form FORMS[] = {
    {"flag", "^(true|false)$", "true or false"},
    {"duration", "^0*[1-9][0-9]{0,11}(ms|s|min|h|d)$", "a duration like 500ms 10s 5min 2h 1d"},
    {"size", "^0*[1-9][0-9]{0,17}[KMG]?$", "a number of 1 or more, with K, M or G for more"},
    {"path", "^/", "an absolute path"},
    {"file", "^/", "the absolute path of a file"},
    {"key-file", "^/", "the absolute path of a file"},
};

static void
fault(const ConfigSetting *setting, const char *value, const char *allowed)
{
    keyfile_fault_value(setting->file, setting->group, setting->key, value, allowed);
}

/* Whether the kind has a form and the value has it. */
static gboolean
check_form(const ConfigSetting *setting)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMS); i++) {
        if (strcmp(FORMS[i].kind, setting->kind) != 0)
            continue;
        if (g_regex_match_simple(FORMS[i].pattern, setting->value, 0, 0))
            return TRUE;
        fault(setting, setting->value, FORMS[i].allowed);
        return FALSE;
    }
    return TRUE;
}

static void
check_paths(const ConfigSetting *setting)
{
    g_auto(GStrv) paths = g_strsplit(setting->value, ";", -1);

    for (gsize i = 0; paths[i] != NULL; i++) {
        g_strstrip(paths[i]);
        if (*paths[i] != '\0' && *paths[i] != '/')
            fault(setting, paths[i], "a list of absolute paths, ';' between them");
    }
}

static void
check_words(const ConfigSetting *setting)
{
    g_auto(GStrv) words = g_strsplit(setting->kind, "|", -1);
    g_autofree char *list = g_strjoinv(", ", words);
    g_autofree char *allowed = g_strdup_printf("one of %s", list);

    if (!g_strv_contains((const char *const *)words, setting->value))
        fault(setting, setting->value, allowed);
}

/* What only the plugin, or what the machine has, can judge in the end. */
static void
check_closely(const ConfigSetting *setting)
{
    g_autoptr(GError) error = NULL;

    if (strcmp(setting->kind, "file") == 0 && g_access(setting->value, R_OK) != 0)
        fault(setting, setting->value, "a file that is there");
    if (strcmp(setting->kind, "key-file") == 0 && !vet_private_file(setting->value, &error))
        keyfile_fault(setting->file, setting->group, setting->key, "%s", error->message);
    if (strcmp(setting->kind, "account") == 0 && getpwnam(setting->value) == NULL)
        fault(setting, setting->value, "an account of this machine");
    if (strcmp(setting->kind, "proxy") == 0)
        config_check_proxy(setting->file, setting->group, setting->value);
}

void
config_check_setting(const ConfigSetting *setting)
{
    if (*setting->value == '\0' || !check_form(setting))
        return;
    if (strcmp(setting->kind, "paths") == 0)
        check_paths(setting);
    if (strchr(setting->kind, '|') != NULL)
        check_words(setting);
    check_closely(setting);
}
