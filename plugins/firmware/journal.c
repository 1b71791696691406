#include "journal.h"

#include "setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Lines of NAME=VALUE, an empty line, the bytes that fetch keeps. */
#define HEADER "errand-firmware 1\n"

typedef struct {
    const char *name;
    size_t offset;
    size_t size;
} Field;

#define FIELD(name, member)                                                                        \
    {                                                                                              \
        name, offsetof(Journal, member), sizeof((Journal *)0)->member                              \
    }

static const Field fields[] = {
    FIELD("boot", boot_id),      FIELD("old-slot", old_slot), FIELD("old-version", old_version),
    FIELD("new-slot", new_slot), FIELD("version", version),   FIELD("reason", reason),
    FIELD("message", message),
};

_Static_assert(sizeof(Journal) + 1024 <= ERRAND_STATE_MAX, "it can be saved");

#define N_FIELDS (sizeof fields / sizeof fields[0])

bool
journal_read_boot(errand_job *job, char boot_id[BOOT_ID_SIZE])
{
    const char *file = setting_text(job, "boot-id-file");

    if (file == NULL)
        file = BOOT_ID_FILE;
    if (boot_id_read(file, boot_id))
        return true;
    errand_fail(job, "internal", "reading the boot id from %s: %s", file, strerror(errno));
    return false;
}

/* Text from programs and installers: one line it is. */
static size_t
put_line(char *to, size_t room, const char *name, const char *value)
{
    size_t length = (size_t)snprintf(to, room, "%s=%s", name, value);

    for (char *at = to; (at = strchr(at, '\n')) != NULL;)
        *at = ' ';
    to[length] = '\n';
    return length + 1;
}

int32_t
journal_save(errand_job *job, const Journal *self)
{
    char data[sizeof *self + 1024];
    size_t length = (size_t)snprintf(data, sizeof data, HEADER);

    length += put_line(data + length, sizeof data - length, "phase", phases_word(self->phase));
    for (size_t i = 0; i < N_FIELDS; i++)
        length += put_line(data + length, sizeof data - length, fields[i].name,
                           (const char *)self + fields[i].offset);
    data[length++] = '\n';
    memcpy(data + length, self->fetch, self->fetch_length);
    return errand_save_state(job, data, length + self->fetch_length);
}

static bool
take_line(Journal *self, const char *line, size_t length)
{
    const char *equals = memchr(line, '=', length);
    size_t name = equals != NULL ? (size_t)(equals - line) : 0, rest = length - name - 1;
    char word[16];

    if (equals == NULL)
        return false;
    if (name == strlen("phase") && memcmp(line, "phase", name) == 0) {
        snprintf(word, sizeof word, "%.*s", (int)(rest < 15 ? rest : 15), equals + 1);
        self->phase = phases_from_word(word);
        return self->phase < PHASES;
    }
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strlen(fields[i].name) != name || memcmp(fields[i].name, line, name) != 0)
            continue;
        if (rest >= fields[i].size)
            return false;
        memcpy((char *)self + fields[i].offset, equals + 1, rest);
        return true;
    }
    return true;
}

bool
journal_load(errand_job *job, Journal *self)
{
    size_t length = 0;
    const char *at = errand_load_state(job, &length), *end, *line_end;

    *self = (Journal){.phase = PHASES};
    if (at == NULL || length < strlen(HEADER) || memcmp(at, HEADER, strlen(HEADER)) != 0)
        return false;
    end = at + length;
    for (at += strlen(HEADER); at < end && *at != '\n'; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL || !take_line(self, at, (size_t)(line_end - at)))
            return false;
    }
    if (at >= end || self->phase == PHASES || (size_t)(end - at - 1) > sizeof self->fetch)
        return false;
    self->fetch_length = (size_t)(end - at - 1);
    memcpy(self->fetch, at + 1, self->fetch_length);
    return true;
}
