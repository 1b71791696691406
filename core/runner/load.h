/* Loads the vetted module and distrusts what it exports.
 *
 * The plugin may have been built against an older or a newer header: sizes and strides are its own,
 * and only the members both sides know are copied. Errors: LOAD_ERROR; the message says what was
 * expected, what was found and what to do. */
#pragma once

#include "errand/plugin.h"

#include <glib.h>

#define LOAD_ERROR (load_error_quark())
GQuark load_error_quark(void);
typedef enum { LOAD_ERROR_MODULE, LOAD_ERROR_CONTRACT } LoadError;

typedef struct {
    errand_plugin plugin;
    errand_operation operation; /* the one asked for */
} Loaded;

/* fd is the module, open for reading; it stays open and the module stays loaded for good. */
gboolean load_module(int fd, const char *plugin, const char *operation, Loaded *loaded,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
