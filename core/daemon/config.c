#include "config.h"

#include "config-groups.h"
#include "keyfile.h"
#include "text.h"

#include <glib/gstdio.h>
#include <string.h>

/* As in manifest.h. */
#define OPERATION_MAX_BYTES 64

static const char KNOWN_GROUPS[] =
    "[broker] [thing] [jobs] [paths] [operations] [reboot] [trust] [plugin NAME]";

static void
check_plugin_directory(Keyfile *file, const char *path, ConfigUse use)
{
    if (!g_path_is_absolute(path))
        keyfile_fault(file, "paths", "plugin-directories",
                      "'%s' is not absolute, absolute paths are allowed", path);
    else if (use == CONFIG_CHECK && !g_file_test(path, G_FILE_TEST_IS_DIR))
        keyfile_fault(file, "paths", "plugin-directories",
                      "'%s' is not there or is not a directory, directories are allowed", path);
}

static void
read_paths(Config *self, Keyfile *file, const char *const *extra_directories, ConfigUse use)
{
    g_auto(GStrv) configured = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    self->state_directory = keyfile_string(file, "paths", "state-directory", ERRAND_STATEDIR);
    configured = keyfile_list(file, "paths", "plugin-directories", ERRAND_PLUGINDIR);
    for (gsize i = 0; extra_directories != NULL && extra_directories[i] != NULL; i++)
        g_ptr_array_add(all, g_canonicalize_filename(extra_directories[i], NULL));
    for (gsize i = 0; configured[i] != NULL; i++) {
        g_ptr_array_add(all, g_strdup(configured[i]));
        check_plugin_directory(file, configured[i], use);
    }
    g_ptr_array_add(all, NULL);
    self->plugin_directories = (char **)g_ptr_array_steal(all, NULL);
    self->dispatcher.runner =
        keyfile_string(file, "paths", "runner", ERRAND_LIBEXECDIR "/errand-runner");

    if (!g_path_is_absolute(self->state_directory))
        keyfile_fault(file, "paths", "state-directory",
                      "'%s' is not absolute, an absolute path is allowed", self->state_directory);
    else if (g_file_test(self->state_directory, G_FILE_TEST_EXISTS) &&
             !g_file_test(self->state_directory, G_FILE_TEST_IS_DIR))
        keyfile_fault(file, "paths", "state-directory", "'%s' is a file, a directory is allowed",
                      self->state_directory);
    if (!g_file_test(self->dispatcher.runner, G_FILE_TEST_IS_EXECUTABLE) ||
        !g_file_test(self->dispatcher.runner, G_FILE_TEST_IS_REGULAR))
        keyfile_fault(file, "paths", "runner",
                      "'%s' is not an executable file, the path of errand-runner is allowed",
                      self->dispatcher.runner);
}

static void
read_operations(Config *self, Keyfile *file)
{
    self->enabled_is_set = keyfile_has_key(file, "operations", "enabled");
    self->dispatcher.enabled =
        keyfile_list(file, "operations", "enabled", "download;firmware;reboot;shutdown");
    for (char **name = self->dispatcher.enabled; *name != NULL; name++)
        if (strcmp(*name, "*") != 0 && **name != '\0' &&
            !text_is_name(*name, "_-", OPERATION_MAX_BYTES))
            keyfile_fault(
                file, "operations", "enabled",
                "'%s' is no operation, names of A-Z a-z 0-9 _ - with ';' between them, or "
                "* for all are allowed",
                *name);
}

static void
read_reboot(Config *self, Keyfile *file, ConfigUse use)
{
    DispatcherOptions *options = &self->dispatcher;

    options->reboot_command = keyfile_list(file, "reboot", "command", "systemctl;reboot");
    options->boot_id_file =
        keyfile_string(file, "reboot", "boot-id-file", "/proc/sys/kernel/random/boot_id");
    options->reboot_timeout_ms =
        keyfile_duration(file, "reboot", "timeout", 1000, 24 * 3600 * 1000, 600 * 1000);
    if (options->reboot_command[0] == NULL)
        keyfile_fault(file, "reboot", "command",
                      "is empty, a program and its arguments are allowed");
    if (use == CONFIG_CHECK && g_access(options->boot_id_file, R_OK) != 0)
        keyfile_fault(file, "reboot", "boot-id-file",
                      "'%s' cannot be read, a file that tells one boot from the next is allowed",
                      options->boot_id_file);
}

static void
read_trust(Config *self, Keyfile *file, ConfigUse use)
{
    self->dispatcher.trust_directory =
        keyfile_string(file, "trust", "directory", ERRAND_SYSCONFDIR "/errand/trust.d");
    self->dispatcher.require_signed =
        keyfile_boolean(file, "trust", "require-signed-documents", FALSE);
    if (use == CONFIG_CHECK && self->dispatcher.require_signed &&
        !g_file_test(self->dispatcher.trust_directory, G_FILE_TEST_IS_DIR))
        keyfile_fault(file, "trust", "directory",
                      "'%s' is not there or is not a directory, the signers' directory is allowed: "
                      "without it no document has a good signature",
                      self->dispatcher.trust_directory);
}

static void
add_files(Keyfile *file, const char *path, ConfigUse use)
{
    const char *main_file = path != NULL ? path : CONFIG_DEFAULT_FILE;
    g_autofree char *directory = g_strconcat(main_file, ".d", NULL);

    keyfile_add_file(file, main_file, path == NULL && use == CONFIG_LOCAL);
    keyfile_add_directory(file, directory);
}

Config *
config_load(const char *path, const char *const *plugin_directories, ConfigUse use)
{
    Config *self = g_new0(Config, 1);
    g_autoptr(Keyfile) file = keyfile_new();

    add_files(file, path, use);
    config_read_broker(&self->session, file, use);
    config_read_jobs(self, file);
    read_paths(self, file, plugin_directories, use);
    read_operations(self, file);
    read_reboot(self, file, use);
    read_trust(self, file, use);
    config_read_plugins(self, file, use);
    keyfile_finish(file, KNOWN_GROUPS);
    self->faults = g_ptr_array_ref(keyfile_faults(file));
    return self;
}

void
config_free(Config *self)
{
    if (self == NULL)
        return;
    g_free(self->session.host);
    g_free(self->session.ca_file);
    g_free(self->session.certificate_file);
    g_free(self->session.private_key_file);
    g_free(self->session.client_id);
    g_free(self->session.proxy);
    g_free(self->session.thing_name);
    g_free(self->dispatcher.runner);
    g_strfreev(self->dispatcher.enabled);
    g_clear_pointer(&self->dispatcher.settings, g_hash_table_unref);
    g_free(self->dispatcher.trust_directory);
    g_strfreev(self->dispatcher.handler_directories);
    g_strfreev(self->dispatcher.reboot_command);
    g_free(self->dispatcher.boot_id_file);
    g_free(self->state_directory);
    g_strfreev(self->plugin_directories);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
    g_free(self);
}
