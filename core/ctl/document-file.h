/* Reading a job document that the operator names. Blocking; for the command line only. */
#pragma once

#include <glib.h>

/* The text of a file, or of standard input for "-"; at most PLAN_DOCUMENT_MAX bytes and without
 * NUL. Errors: G_FILE_ERROR. The caller frees. */
char *document_file_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
