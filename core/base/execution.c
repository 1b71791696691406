#include "execution.h"

#include "text.h"

#include <string.h>

static const char *const execution_words[] = {
    [EXECUTION_FAILED] = "FAILED",     [EXECUTION_SUCCEEDED] = "SUCCEEDED",
    [EXECUTION_REJECTED] = "REJECTED", [EXECUTION_IN_PROGRESS] = "IN_PROGRESS",
    [EXECUTION_QUEUED] = "QUEUED",     [EXECUTION_TIMED_OUT] = "TIMED_OUT",
    [EXECUTION_REMOVED] = "REMOVED",   [EXECUTION_CANCELED] = "CANCELED",
};

ExecutionId *
execution_id_new(const char *job_id, gint64 number, gint64 queued_at)
{
    ExecutionId *self = g_new0(ExecutionId, 1);

    self->job_id = g_strdup(job_id != NULL ? job_id : "");
    self->number = number;
    self->queued_at = queued_at;
    return self;
}

ExecutionId *
execution_id_copy(const ExecutionId *self)
{
    return self != NULL ? execution_id_new(self->job_id, self->number, self->queued_at) : NULL;
}

void
execution_id_free(ExecutionId *self)
{
    if (self == NULL)
        return;
    g_free(self->job_id);
    g_free(self);
}

gboolean
execution_id_equal(gconstpointer a, gconstpointer b)
{
    const ExecutionId *left = a;
    const ExecutionId *right = b;

    if (left == NULL || right == NULL)
        return left == right;
    return left->number == right->number && left->queued_at == right->queued_at &&
           strcmp(left->job_id, right->job_id) == 0;
}

guint
execution_id_hash(gconstpointer self)
{
    const ExecutionId *id = self;

    return g_str_hash(id->job_id) ^ (g_int64_hash(&id->number) * 31) ^ g_int64_hash(&id->queued_at);
}

char *
execution_id_to_name(const ExecutionId *self)
{
    return g_strdup_printf("%s.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, self->job_id, self->number,
                           self->queued_at);
}

ExecutionId *
execution_id_from_name(const char *name)
{
    gint64 number = 0;
    gint64 queued_at = 0;

    if (name == NULL)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(name, ".", 4);
    if (g_strv_length(parts) != 3 || !execution_job_id_valid(parts[0]) ||
        !g_ascii_string_to_signed(parts[1], 10, G_MININT64, G_MAXINT64, &number, NULL) ||
        !g_ascii_string_to_signed(parts[2], 10, G_MININT64, G_MAXINT64, &queued_at, NULL))
        return NULL;

    /* Only the one spelling that execution_id_to_name() makes: "+1" or "01" is somebody else's
     * file. */
    g_autoptr(ExecutionId) id = execution_id_new(parts[0], number, queued_at);
    g_autofree char *again = execution_id_to_name(id);
    return strcmp(again, name) == 0 ? g_steal_pointer(&id) : NULL;
}

gboolean
execution_job_id_valid(const char *text)
{
    return text_is_name(text, "_-", EXECUTION_JOB_ID_MAX);
}

const char *
execution_status_to_word(ExecutionStatus status)
{
    if ((guint)status >= G_N_ELEMENTS(execution_words))
        return execution_words[EXECUTION_FAILED];
    return execution_words[status];
}

gboolean
execution_status_from_word(const char *word, ExecutionStatus *status)
{
    for (guint i = 0; word != NULL && i < G_N_ELEMENTS(execution_words); i++)
        if (strcmp(word, execution_words[i]) == 0) {
            *status = (ExecutionStatus)i;
            return TRUE;
        }
    return FALSE;
}

gboolean
execution_status_is_final(ExecutionStatus status)
{
    return status != EXECUTION_IN_PROGRESS && status != EXECUTION_QUEUED;
}
