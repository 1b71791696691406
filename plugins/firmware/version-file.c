#include "version-file.h"

#include "plain-file.h"
#include "setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 0, or an errno value: EBADMSG for a line that is no version. */
static int
read_line(const char *path, char version[BACKEND_TEXT])
{
    int fd = plain_open(path), error = 0;
    char line[BACKEND_TEXT] = "", *end;
    size_t length;

    if (fd < 0)
        return errno;
    if (read(fd, line, sizeof line - 1) < 0)
        error = errno;
    close(fd);
    if (error != 0)
        return error;
    end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
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
    const char *path = setting_text(job, "version-file");
    char text[512];
    int error;

    if (path == NULL)
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
