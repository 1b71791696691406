#include "log.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* UTF-16 units of one line; a longer one is a dump, not a message. */
#define LOG_LINE_MAX        8192
#define LOG_FIELDS_MAX      16
#define LOG_THROTTLE_FACTOR 3

static gboolean log_verbose = FALSE;
static gboolean log_to_journal = FALSE;

/* systemd sets JOURNAL_STREAM to DEVICE:INODE of the stream it connected; a redirection made later
 * does not match any more. */
static gboolean
log_stderr_is_journal(void)
{
    const char *stream = g_getenv("JOURNAL_STREAM");
    struct stat found;

    if (stream == NULL || fstat(STDERR_FILENO, &found) != 0)
        return FALSE;
    g_autofree char *wanted = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                                              (guint64)found.st_dev, (guint64)found.st_ino);
    return strcmp(stream, wanted) == 0;
}

static const char *
log_level_word(GLogLevelFlags level)
{
    if (level & G_LOG_LEVEL_ERROR)
        return "ERROR";
    if (level & G_LOG_LEVEL_CRITICAL)
        return "CRITICAL";
    if (level & G_LOG_LEVEL_WARNING)
        return "WARNING";
    if (level & G_LOG_LEVEL_MESSAGE)
        return "MESSAGE";
    return level & G_LOG_LEVEL_INFO ? "INFO" : "DEBUG";
}

static char *
log_field_text(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (strcmp(fields[i].key, key) != 0 || fields[i].value == NULL)
            continue;
        return fields[i].length < 0 ? g_strdup(fields[i].value)
                                    : g_strndup(fields[i].value, (gsize)fields[i].length);
    }
    return NULL;
}

static char *
log_fit_message(const GLogField *fields, gsize n_fields)
{
    g_autofree char *message = log_field_text(fields, n_fields, "MESSAGE");

    return text_show(message, -1, LOG_LINE_MAX, FALSE);
}

static GLogWriterOutput
log_write_journal(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                  const char *message)
{
    GLogField changed[LOG_FIELDS_MAX];
    gsize count = MIN(n_fields, LOG_FIELDS_MAX);

    for (gsize i = 0; i < count; i++) {
        changed[i] = fields[i];
        if (strcmp(fields[i].key, "MESSAGE") == 0) {
            changed[i].value = message;
            changed[i].length = -1;
        }
    }
    return g_log_writer_journald(level, changed, count, NULL);
}

static void
log_write_text(GLogLevelFlags level, const GLogField *fields, gsize n_fields, const char *message)
{
    g_autofree char *domain = log_field_text(fields, n_fields, "GLIB_DOMAIN");
    g_autofree char *job_id = log_field_text(fields, n_fields, "ERRAND_JOB_ID");
    g_autofree char *job = job_id != NULL ? g_strdup_printf("[%s] ", job_id) : g_strdup("");
    g_autofree char *line = g_strdup_printf("%s %s: %s%s\n", log_level_word(level),
                                            domain != NULL ? domain : "errand", job, message);
    gsize left = strlen(line);
    const char *p = line;

    while (left > 0) {
        gssize done = write(STDERR_FILENO, p, left);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; /* nowhere left to complain */
        p += done;
        left -= (gsize)done;
    }
}

static GLogWriterOutput
log_writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    if (!log_verbose && (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)))
        return G_LOG_WRITER_HANDLED;

    g_autofree char *message = log_fit_message(fields, n_fields);
    if (log_to_journal &&
        log_write_journal(level, fields, n_fields, message) == G_LOG_WRITER_HANDLED)
        return G_LOG_WRITER_HANDLED;
    log_write_text(level, fields, n_fields, message);
    return G_LOG_WRITER_HANDLED;
}

void
log_init(gboolean verbose)
{
    static gboolean installed = FALSE;

    log_verbose = verbose;
    log_to_journal = log_stderr_is_journal();
    if (!installed)
        g_log_set_writer_func(log_writer, NULL, NULL); /* GLib takes only one in a process's life */
    installed = TRUE;
}

gboolean
log_is_verbose(void)
{
    return log_verbose;
}

/* The journal's PRIORITY as syslog counts it. */
static const char *
log_priority(GLogLevelFlags level)
{
    if (level & G_LOG_LEVEL_ERROR)
        return "3";
    if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
        return "4";
    if (level & G_LOG_LEVEL_MESSAGE)
        return "5";
    return level & G_LOG_LEVEL_INFO ? "6" : "7";
}

void
log_job(GLogLevelFlags level, const char *job_id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    const GLogField fields[] = {
        {"MESSAGE", message, -1},
        {"PRIORITY", log_priority(level), -1},
        {"GLIB_DOMAIN", "errand", -1},
        {"ERRAND_JOB_ID", job_id, -1},
    };
    g_log_structured_array(level, fields, G_N_ELEMENTS(fields) - (job_id == NULL ? 1 : 0));
}

gboolean
log_throttle(LogThrottle *self, guint64 *suppressed)
{
    self->count++;
    if (self->count / LOG_THROTTLE_FACTOR < self->told)
        return FALSE;
    if (suppressed != NULL)
        *suppressed = self->count - self->told - 1;
    self->told = self->count;
    return TRUE;
}

void
log_throttle_reset(LogThrottle *self)
{
    *self = (LogThrottle){0};
}
