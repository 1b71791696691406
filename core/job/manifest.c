#include "manifest.h"

#include "keyfile.h"
#include "text.h"

#include <string.h>

#define GROUP         "plugin"
#define ABI_SUPPORTED 1 /* ERRAND_PLUGIN_ABI of errand/plugin.h */
#define NAME_MAX_LEN  64
#define TIMEOUT_MIN   1000
#define TIMEOUT_MAX   ((gint64)7 * 24 * 3600 * 1000) /* the service's longest step timer */
#define SUFFIX        ".plugin"

G_DEFINE_QUARK(errand - manifest - error, manifest_error)

static gboolean
is_name(const char *text)
{
    return text_is_name(text, "_-", NAME_MAX_LEN);
}

static void
read_name(Manifest *self, Keyfile *file, const char *file_name)
{
    g_autofree char *stem = NULL;

    self->name = keyfile_required(file, GROUP, "name", "the file's name without " SUFFIX);
    if (!self->name) {
        return;
    }
    stem = g_str_has_suffix(file_name, SUFFIX)
               ? g_strndup(file_name, strlen(file_name) - strlen(SUFFIX))
               : g_strdup(file_name);
    if (!is_name(self->name) || strcmp(self->name, stem) != 0) {
        keyfile_fault(file, GROUP, "name",
                      "is \"%s\"; the file's name without " SUFFIX " (\"%s\", 1..64 of "
                      "A-Z a-z 0-9 _ -) belongs here",
                      self->name, stem);
    }
}

static void
read_module(Manifest *self, Keyfile *file)
{
    self->module = keyfile_required(file, GROUP, "module", "a file name in the same directory");
    if (self->module && (strchr(self->module, '/') || self->module[0] == '.')) {
        keyfile_fault(file, GROUP, "module",
                      "is \"%s\"; a plain file name in the same directory belongs here",
                      self->module);
    }
}

static void
read_abi(Manifest *self, Keyfile *file)
{
    if (!keyfile_has_key(file, GROUP, "abi")) {
        keyfile_fault(file, GROUP, "abi", "is missing; %d is what this errand runs", ABI_SUPPORTED);
        return;
    }
    self->abi = (guint)keyfile_integer(file, GROUP, "abi", 1, G_MAXINT, ABI_SUPPORTED);
    if (self->abi != ABI_SUPPORTED) {
        keyfile_fault(file, GROUP, "abi", "is %u: built for another errand; this one runs %d",
                      self->abi, ABI_SUPPORTED);
    }
}

static void
read_operations(Manifest *self, Keyfile *file)
{
    self->operations = keyfile_list(file, GROUP, "operations", NULL);
    if (!self->operations || !self->operations[0]) {
        keyfile_fault(file, GROUP, "operations", "is missing; names separated by ';' belong here");
        return;
    }
    for (gsize i = 0; self->operations[i]; i++) {
        if (!is_name(self->operations[i])) {
            keyfile_fault(file, GROUP, "operations", "has \"%s\"; 1..64 of A-Z a-z 0-9 _ - each",
                          self->operations[i]);
        }
    }
}

static gboolean
is_kind(const char *kind)
{
    static const char *const kinds[] = {"flag", "duration", "size",    "path",  "paths",
                                        "file", "key-file", "account", "proxy", NULL};

    return g_strv_contains(kinds, kind) || strchr(kind, '|');
}

/* Takes the kinds off the names. One that only a later errand knows is as none. */
static void
read_settings(Manifest *self, Keyfile *file)
{
    gsize count;

    if (!keyfile_has_key(file, GROUP, "settings")) {
        return;
    }
    self->settings = keyfile_list(file, GROUP, "settings", NULL);
    count = g_strv_length(self->settings);
    self->setting_kinds = g_new0(char *, count + 1);
    for (gsize i = 0; i < count; i++) {
        char *colon = strchr(self->settings[i], ':');

        self->setting_kinds[i] = g_strdup(colon && is_kind(colon + 1) ? colon + 1 : "");
        if (colon && !is_kind(colon + 1) && !is_name(colon + 1)) {
            keyfile_fault(file, GROUP, "settings",
                          "has \"%s\"; after the colon belongs flag, duration, size, path, paths, "
                          "file, key-file, account, proxy or words with | between them",
                          self->settings[i]);
        }
        if (colon) {
            *colon = '\0';
        }
    }
}

static gboolean
join_faults(Keyfile *file, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    GPtrArray *faults = keyfile_faults(file);

    for (guint i = 0; i < faults->len; i++) {
        g_string_append_printf(all, "%s%s", i ? "; " : "", (char *)faults->pdata[i]);
    }
    if (faults->len == 0) {
        return TRUE;
    }
    g_set_error_literal(error, MANIFEST_ERROR, MANIFEST_ERROR_INVALID, all->str);
    return FALSE;
}

Manifest *
manifest_parse(const char *file_name, const char *directory, const char *text, gsize length,
               GError **error)
{
    g_autoptr(Manifest) self = g_new0(Manifest, 1);
    g_autoptr(Keyfile) file = keyfile_new();

    self->directory = g_strdup(directory);
    keyfile_add_text(file, file_name, text, length);
    read_name(self, file, file_name);
    read_module(self, file);
    read_abi(self, file);
    read_operations(self, file);
    self->document_keys = keyfile_list(file, GROUP, "document-keys", NULL);
    read_settings(self, file);
    self->exclusive = keyfile_boolean(file, GROUP, "exclusive", FALSE);
    self->user = keyfile_string(file, GROUP, "user", NULL);
    self->timeout_ms = keyfile_duration(file, GROUP, "timeout", TIMEOUT_MIN, TIMEOUT_MAX, 0);
    keyfile_finish(file, "[" GROUP "]");
    return join_faults(file, error) ? g_steal_pointer(&self) : NULL;
}

void
manifest_free(Manifest *self)
{
    if (!self) {
        return;
    }
    g_free(self->name);
    g_free(self->module);
    g_free(self->directory);
    g_strfreev(self->operations);
    g_strfreev(self->document_keys);
    g_strfreev(self->settings);
    g_strfreev(self->setting_kinds);
    g_free(self->user);
    g_free(self);
}
