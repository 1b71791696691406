#include "options.h"

gboolean
options_parse(Options *self, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &self->config_file, "Read FILE and FILE.d/*.conf",
         "FILE"},
        {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->plugin_directories,
         "Search DIR for plugins before the configured directories", "DIR"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &self->check_config,
         "Print every fault of the configuration and leave: status 0 when there is none, else 78",
         NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, "Log more", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &self->version, "Print the version and leave", NULL},
#ifdef ERRAND_TESTS
        {"list-crash-points", 0, 0, G_OPTION_ARG_NONE, &self->list_crash_points,
         "Print the places where a test can pull the plug", NULL},
#endif
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    *self = (Options){0};
    g_option_context_set_summary(context, "Runs AWS IoT Jobs on this machine.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    (*argv)[1]);
        return FALSE;
    }
    return TRUE;
}

void
options_clear(Options *self)
{
    g_clear_pointer(&self->config_file, g_free);
    g_clear_pointer(&self->plugin_directories, g_strfreev);
}
