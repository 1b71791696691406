#include "version-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 0, or an errno value: EBADMSG for a line that is no version. */
static int
read_line(const char *path, char version[BACKEND_TEXT])
{
    FILE *file = fopen(path, "re");
    char line[BACKEND_TEXT] = "";
    int error = 0;
    size_t length;

    if (file == NULL)
        return errno;
    if (fgets(line, sizeof line, file) == NULL && ferror(file))
        error = errno;
    fclose(file);
    if (error != 0)
        return error;
    length = strcspn(line, " \t\r\n");
    if (length == 0 || line[length + strspn(line + length, " \t\r\n")] != '\0' ||
        length == sizeof line - 1)
        return EBADMSG;
    snprintf(version, BACKEND_TEXT, "%.*s", (int)length, line);
    return 0;
}

int32_t
version_file_read(errand_job *job, char version[BACKEND_TEXT])
{
    const char *path = errand_setting(job, "version-file");
    char text[512];
    int error;

    if (path == NULL || *path == '\0')
        return ERRAND_SUCCEEDED;
    error = read_line(path, version);
    if (error == 0)
        return ERRAND_SUCCEEDED;
    snprintf(text, sizeof text, "errand.conf: [plugin firmware] version-file: %.300s: %s", path,
             error == EBADMSG ? "the first line is not a version" : strerror(error));
    if (errand_start(job) == ERRAND_START_FIRST)
        return errand_fail(job, "internal", "%s", text);
    errand_log(job, ERRAND_LOG_ERROR, text);
    snprintf(version, BACKEND_TEXT, "%s", VERSION_FILE_NONE);
    return ERRAND_SUCCEEDED;
}
