#include "document-file.h"

#include "input.h"
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *
read_stream(int fd, const char *name, GError **error)
{
    gsize length = 0;
    g_autofree char *text = input_read(fd, PLAN_DOCUMENT_MAX, &length);

    if (text == NULL)
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno), "cannot read %s: %s",
                    name, g_strerror(errno));
    else if (length > PLAN_DOCUMENT_MAX)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s is larger than %d bytes, no job document is", name, PLAN_DOCUMENT_MAX);
    else if (strlen(text) != length)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s has a NUL byte, no job document has one", name);
    else
        return g_steal_pointer(&text);
    return NULL;
}

char *
document_file_read(const char *path, GError **error)
{
    char *text;
    FILE *file;

    if (strcmp(path, "-") == 0)
        return read_stream(STDIN_FILENO, "standard input", error);
    file = fopen(path, "re");
    if (file == NULL) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno), "cannot open %s: %s",
                    path, g_strerror(errno));
        return NULL;
    }
    text = read_stream(fileno(file), path, error);
    fclose(file);
    return text;
}
