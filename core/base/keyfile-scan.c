#include "input.h"
#include "keyfile-private.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file with more bad lines than this is no keyfile at all; the rest of it would only flood the
 * owner. */
#define KEYFILE_BAD_LINES_MAX 20

typedef struct {
    Keyfile *keyfile;
    char *group; /* owned; NULL before the first one and after a bad one */
    gboolean group_is_bad;
    guint line;
    guint bad_lines;
} KeyfileScan;

static void
keyfile_scan_fault(KeyfileScan *self, const char *text)
{
    self->bad_lines++;
    keyfile_store_fault(self->keyfile, self->line, text);
}

/* A name that can stand in a message and in brackets. */
static gboolean
keyfile_name_valid(const char *name)
{
    if (*name == '\0')
        return FALSE;
    for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p))
        if (*p == '[' || *p == ']' || !g_unichar_isprint(g_utf8_get_char(p)))
            return FALSE;
    return TRUE;
}

static void
keyfile_scan_group(KeyfileScan *self, char *text)
{
    gsize length = strlen(text);

    g_clear_pointer(&self->group, g_free);
    self->group_is_bad = TRUE;
    if (text[length - 1] != ']') {
        keyfile_scan_fault(self, "a group must be alone on its line as [NAME]; "
                                 "the lines below it are not read");
        return;
    }
    g_autofree char *name = g_strndup(text + 1, length - 2);
    g_strstrip(name);
    if (!keyfile_name_valid(name)) {
        keyfile_scan_fault(self, "the group's name is empty or has a bracket or a control "
                                 "character; the lines below it are not read");
        return;
    }
    self->group_is_bad = FALSE;
    self->group = g_steal_pointer(&name);
    keyfile_store_group(self->keyfile, self->group);
}

static void
keyfile_scan_key(KeyfileScan *self, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL) {
        keyfile_scan_fault(self, "cannot be read; allowed are [GROUP], KEY=VALUE and # comments");
        return;
    }
    *equals = '\0';
    g_strchomp(text);
    if (!keyfile_name_valid(text)) {
        keyfile_scan_fault(self, "the key is empty or has a bracket or a control character");
        return;
    }
    if (self->group != NULL)
        keyfile_store_value(self->keyfile, self->group, text, g_strstrip(equals + 1));
    else if (!self->group_is_bad)
        keyfile_scan_fault(self, "a key stands before the first [GROUP]");
}

static void
keyfile_scan_line(KeyfileScan *self, const char *bytes, gsize length)
{
    g_autofree char *line = g_strndup(bytes, length);

    if (!text_is_utf8(bytes, length)) {
        keyfile_scan_fault(self, "is not UTF-8 text; allowed is UTF-8 without NUL");
        return;
    }
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return;
    if (*line == '[')
        keyfile_scan_group(self, line);
    else
        keyfile_scan_key(self, line);
}

static void
keyfile_scan_text(Keyfile *keyfile, const char *text, gsize length)
{
    KeyfileScan scan = {.keyfile = keyfile};
    const char *end = text + length;

    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (gsize)(end - text));
        if (line_end == NULL)
            line_end = end;
        scan.line++;
        if (scan.bad_lines == KEYFILE_BAD_LINES_MAX) {
            keyfile_store_fault(keyfile, scan.line,
                                "too many bad lines; this and the rest is not read");
            break;
        }
        keyfile_scan_line(&scan, text, (gsize)(line_end - text));
        text = line_end < end ? line_end + 1 : end;
    }
    g_free(scan.group);
}

void
keyfile_add_text(Keyfile *self, const char *name, const char *text, gsize length)
{
    keyfile_store_file(self, name);
    if (length > KEYFILE_SIZE_MAX) {
        keyfile_store_fault(self, 0, "is too big for a configuration; allowed are 256K");
        return;
    }
    if (length > 0)
        keyfile_scan_text(self, text, length);
}

static void
keyfile_fault_errno(Keyfile *self, int code)
{
    g_autofree char *text = g_strdup_printf("cannot be read: %s", g_strerror(code));

    keyfile_store_fault(self, 0, text);
}

/* What anybody may write decides nothing here: an owner is who can keep others out. */
static gboolean
keyfile_is_guarded(Keyfile *self, const char *path, const struct stat *found)
{
    g_autofree char *text = NULL;

    if ((found->st_mode & S_IWOTH) == 0)
        return TRUE;
    text = g_strdup_printf("is not read: everybody may write it (mode %04o); mend with: chmod o-w",
                           (guint)found->st_mode & 07777);
    keyfile_store_file(self, path);
    keyfile_store_fault(self, 0, text);
    return FALSE;
}

void
keyfile_add_file(Keyfile *self, const char *path, gboolean optional)
{
    g_autofree char *content = NULL;
    gsize length = 0;
    struct stat found;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT && optional)
        return;
    keyfile_store_file(self, path);
    if (fd < 0) {
        keyfile_fault_errno(self, errno);
        return;
    }
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))
        keyfile_store_fault(self, 0, "cannot be read: it is not a regular file");
    else if ((content = input_read(fd, KEYFILE_SIZE_MAX, &length)) == NULL)
        keyfile_fault_errno(self, errno);
    else if (keyfile_is_guarded(self, path, &found))
        keyfile_add_text(self, path, content, length);
    close(fd);
}

static gint
keyfile_compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
keyfile_add_directory(Keyfile *self, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) listing = g_dir_open(path, 0, &error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name = NULL;
    struct stat found;

    if (listing == NULL) {
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return;
        keyfile_store_file(self, path);
        keyfile_store_fault(self, 0, error->message);
        return;
    }
    if (stat(path, &found) == 0 && !keyfile_is_guarded(self, path, &found))
        return;
    while ((name = g_dir_read_name(listing)) != NULL)
        if (*name != '.' && g_str_has_suffix(name, ".conf") && strstr(name, ".dpkg-") == NULL)
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, keyfile_compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);
        keyfile_add_file(self, file, FALSE);
    }
}
