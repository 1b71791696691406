#include "response.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_SIZE 1024

/* A value is sent back later (If-Range), so one with control characters counts as none. */
static void
copy_value(char to[IDENTITY_TEXT_SIZE], const char *value)
{
    size_t size = strlen(value) + 1;

    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            return;
    }
    if (size <= IDENTITY_TEXT_SIZE)
        memcpy(to, value, size);
}

/* Digits only, all of the text. */
static bool
parse_number(const char *text, int64_t *number)
{
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* "bytes START-END/TOTAL" */
static void
parse_range(Response *self, const char *value)
{
    char start_text[32], last_text[32], total_text[32];
    int64_t start, last, total;
    int used = 0;

    if (sscanf(value, "bytes %31[0-9]-%31[0-9]/%31[0-9]%n", start_text, last_text, total_text,
               &used) != 3 ||
        value[used] != '\0')
        return;
    if (!parse_number(start_text, &start) || !parse_number(last_text, &last) ||
        !parse_number(total_text, &total) || start > last || last >= total)
        return;
    self->has_range = true;
    self->start = start;
    self->identity.total = total;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Three digits behind the first blank; 0 when they are not there. */
static void
parse_status(Response *self, const char *line)
{
    const char *status = strchr(line, ' ');

    memset(self, 0, sizeof *self);
    self->identity.total = -1;
    if (status != NULL && status[1] >= '1' && strspn(status + 1, "0123456789") == 3)
        self->status = (int)strtol(status + 1, NULL, 10);
}

/* libcurl takes "12x" for 12, and the file for whole then. */
static void
parse_length(Response *self, const char *value)
{
    if (parse_number(value, &self->identity.total))
        return;
    self->identity.total = -1;
    self->bad_length = true;
}

static void
parse_header(Response *self, const char *name, const char *value)
{
    if (strcasecmp(name, "ETag") == 0)
        copy_value(self->identity.etag, value);
    else if (strcasecmp(name, "Last-Modified") == 0)
        copy_value(self->identity.modified, value);
    else if (strcasecmp(name, "Content-Range") == 0 && self->status == 206)
        parse_range(self, value);
    else if (strcasecmp(name, "Content-Length") == 0 && self->status == 200)
        parse_length(self, value);
}

void
response_line(Response *self, const char *line, size_t length)
{
    char text[LINE_SIZE], *value;

    if (self->complete)
        return; /* trailers */
    while (length > 0 && is_blank(line[length - 1]))
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
    if (value == NULL)
        return;
    *value++ = '\0';
    parse_header(self, text, value + strspn(value, " \t"));
}
