/* The command line of errandd. Pure: no files are read. */
#pragma once

#include <glib.h>

typedef struct {
    char *config_file;         /* NULL: the default */
    char **plugin_directories; /* NULL when none was given */
    gboolean check_config;
    gboolean verbose;
    gboolean version;
    gboolean list_crash_points; /* in a test build only */
} Options;

/* G_OPTION_ERROR on a bad command line. */
gboolean options_parse(Options *self, int *argc, char ***argv,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void options_clear(Options *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)
