#include "config-groups.h"

#include "registry.h"

#include <string.h>

#define PLUGIN_PREFIX "plugin "

static void
check_setting(const Manifest *manifest, ConfigSetting *setting, ConfigUse use)
{
    g_autofree char *allowed = NULL;

    if (manifest == NULL || manifest->settings == NULL)
        return;
    for (gsize i = 0; manifest->settings[i] != NULL; i++) {
        if (strcmp(manifest->settings[i], setting->key) != 0)
            continue;
        setting->kind = manifest->setting_kinds[i];
        /* A bad value costs the plugin's jobs; an errandd that does not start could not be mended
         * by a job. */
        if (use == CONFIG_CHECK)
            config_check_setting(setting);
        return;
    }
    allowed = g_strjoinv(", ", manifest->settings);
    keyfile_fault(setting->file, setting->group, setting->key, "unknown key, plugin %s knows: %s",
                  manifest->name, allowed);
}

/* Empty values go on as they are: a list that the owner left empty allows nothing, which is not
 * what one that is absent allows. */
static GHashTable *
read_plugin(Keyfile *file, const char *group, const Manifest *manifest, ConfigUse use)
{
    GHashTable *settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) keys = keyfile_keys(file, group);

    for (gsize i = 0; keys[i] != NULL; i++) {
        g_autofree char *value = keyfile_raw(file, group, keys[i]);
        ConfigSetting setting = {file, group, keys[i], value, ""};

        if (value == NULL)
            continue;
        check_setting(manifest, &setting, use);
        g_hash_table_insert(settings, g_strdup(keys[i]), g_steal_pointer(&value));
    }
    return settings;
}

static GHashTable *
settings_of(Config *self, const char *plugin)
{
    GHashTable *settings = g_hash_table_lookup(self->dispatcher.settings, plugin);

    if (settings == NULL) {
        settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(self->dispatcher.settings, g_strdup(plugin), settings);
    }
    return settings;
}

static void
fill_in(GHashTable *settings, const char *key, const char *value)
{
    const char *own = g_hash_table_lookup(settings, key);

    if (value != NULL && (own == NULL || *own == '\0'))
        g_hash_table_insert(settings, g_strdup(key), g_strdup(value));
}

/* Values that have their default in another group. */
static void
fill_in_defaults(Config *self)
{
    static const char *const fetching[] = {"download", "firmware"};
    static const char *const restarting[] = {"reboot", "firmware"};
    const char *handlers = g_hash_table_lookup(settings_of(self, "handler"), "directories");

    for (gsize i = 0; i < G_N_ELEMENTS(fetching); i++) {
        GHashTable *settings = settings_of(self, fetching[i]);

        fill_in(settings, "proxy", self->session.proxy);
        fill_in(settings, "trust-directory", self->dispatcher.trust_directory);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(restarting); i++)
        fill_in(settings_of(self, restarting[i]), "boot-id-file", self->dispatcher.boot_id_file);
    if (handlers == NULL) {
        handlers = ERRAND_SYSCONFDIR "/errand/handlers;" ERRAND_HANDLERDIR;
        fill_in(settings_of(self, "handler"), "directories", handlers);
    }
    self->dispatcher.handler_directories = g_strsplit(handlers, ";", -1);
}

void
config_read_plugins(Config *self, Keyfile *file, ConfigUse use)
{
    g_auto(GStrv) groups = keyfile_groups(file, PLUGIN_PREFIX);
    g_autoptr(Registry) registry = registry_new((const char *const *)self->plugin_directories);

    registry_scan(registry);
    self->dispatcher.settings =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    for (gsize i = 0; groups[i] != NULL; i++) {
        const char *name = groups[i] + strlen(PLUGIN_PREFIX);
        const Manifest *manifest = registry_by_name(registry, name);

        if (manifest == NULL && use == CONFIG_CHECK)
            keyfile_fault(file, groups[i], NULL,
                          "no such plugin is installed; \"errandctl plugins\" lists what is");
        g_hash_table_insert(self->dispatcher.settings, g_strdup(name),
                            read_plugin(file, groups[i], manifest, use));
    }
    fill_in_defaults(self);
}
