#include "document-file.h"

#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *
read_stream(int fd, const char *name, gsize *length, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint8 buffer[8192];
    gssize got;

    while ((got = read(fd, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                        "cannot read %s: %s", name, g_strerror(errno));
            return NULL;
        }
        g_byte_array_append(all, buffer, (guint)got);
        if (all->len > PLAN_DOCUMENT_MAX) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s is larger than %d bytes, no job document is", name, PLAN_DOCUMENT_MAX);
            return NULL;
        }
    }
    *length = all->len;
    g_byte_array_append(all, (const guint8 *)"", 1);
    return (char *)g_byte_array_steal(all, NULL);
}

char *
document_file_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    FILE *file;

    if (strcmp(path, "-") == 0) {
        text = read_stream(STDIN_FILENO, "standard input", &length, error);
    } else {
        file = fopen(path, "re");
        if (file == NULL) {
            g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                        "cannot open %s: %s", path, g_strerror(errno));
            return NULL;
        }
        text = read_stream(fileno(file), path, &length, error);
        fclose(file);
    }
    if (text != NULL && strlen(text) != length) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s has a NUL byte, no job document has one", path);
        return NULL;
    }
    return g_steal_pointer(&text);
}
