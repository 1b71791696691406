#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SIZE 1024

static void
copy_value(char to[STATE_TEXT_SIZE], const char *value)
{
    size_t size = strlen(value) + 1;

    if (size <= STATE_TEXT_SIZE)
        memcpy(to, value, size);
}

/* Digits only, all of the text. */
static bool
parse_number(const char *text, int64_t *number)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return false;
    *number = strtoll(text, &end, 10);
    return *end == '\0';
}

/* "bytes START-END/TOTAL" */
static void
parse_range(Response *self, const char *value)
{
    char start[32], end[32], total[32];
    int64_t last;

    if (sscanf(value, "bytes %31[0-9]-%31[0-9]/%31[0-9]", start, end, total) != 3)
        return;
    self->has_range = parse_number(start, &self->start) && parse_number(end, &last) &&
                      parse_number(total, &self->identity.total) && self->start <= last &&
                      last < self->identity.total;
}

static void
parse_status(Response *self, const char *line)
{
    const char *status = strchr(line, ' ');

    memset(self, 0, sizeof *self);
    self->identity.total = -1;
    self->status = status != NULL ? (int)strtol(status + 1, NULL, 10) : 0;
}

static void
parse_header(Response *self, const char *name, const char *value)
{
    if (strcasecmp(name, "ETag") == 0)
        copy_value(self->identity.etag, value);
    else if (strcasecmp(name, "Last-Modified") == 0)
        copy_value(self->identity.modified, value);
    else if (strcasecmp(name, "Content-Range") == 0)
        parse_range(self, value);
    else if (strcasecmp(name, "Content-Length") == 0 && self->status == 200 &&
             !parse_number(value, &self->identity.total))
        self->identity.total = -1;
}

void
response_line(Response *self, const char *line, size_t length)
{
    char text[LINE_SIZE], *value;

    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
        length--;
    if (length == 0) {
        self->complete = self->status >= 200;
        return;
    }
    if (length >= sizeof text || memchr(line, '\0', length) != NULL)
        return;
    memcpy(text, line, length);
    text[length] = '\0';
    if (strncmp(text, "HTTP/", 5) == 0) {
        parse_status(self, text);
        return;
    }
    value = strchr(text, ':');
    if (value == NULL || self->complete)
        return;
    *value++ = '\0';
    parse_header(self, text, value + strspn(value, " \t"));
}
