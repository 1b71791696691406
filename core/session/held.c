#include "held.h"

struct _Held {
    GHashTable *phases; /* ExecutionId * -> HeldPhase */
    GQueue over;        /* ExecutionId *, owned by phases; oldest first */
};

static void
held_id_free(gpointer data)
{
    execution_id_free(data);
}

Held *
held_new(void)
{
    Held *self = g_new0(Held, 1);

    self->phases = g_hash_table_new_full(execution_id_hash, execution_id_equal, held_id_free, NULL);
    g_queue_init(&self->over);
    return self;
}

void
held_free(Held *self)
{
    if (self == NULL)
        return;
    g_queue_clear(&self->over);
    g_hash_table_unref(self->phases);
    g_free(self);
}

HeldPhase
held_get(const Held *self, const ExecutionId *id)
{
    return (HeldPhase)GPOINTER_TO_INT(g_hash_table_lookup(self->phases, id));
}

void
held_forget(Held *self, const ExecutionId *id)
{
    for (GList *link = self->over.head; link != NULL; link = link->next)
        if (execution_id_equal(link->data, id)) {
            g_queue_delete_link(&self->over, link);
            break;
        }
    g_hash_table_remove(self->phases, id);
}

void
held_set(Held *self, const ExecutionId *id, HeldPhase phase)
{
    ExecutionId *copy = execution_id_copy(id);

    held_forget(self, copy);
    if (phase == HELD_UNKNOWN) {
        execution_id_free(copy);
        return;
    }
    g_hash_table_insert(self->phases, copy, GINT_TO_POINTER(phase));
    if (phase != HELD_OVER && phase != HELD_DONE && phase != HELD_REFUSED && phase != HELD_LEFT)
        return;
    g_queue_push_tail(&self->over, copy);
    if (self->over.length > HELD_OVER_MAX)
        g_hash_table_remove(self->phases, g_queue_pop_head(&self->over));
}

guint
held_count(const Held *self, HeldPhase phase)
{
    GHashTableIter iter;
    gpointer value = NULL;
    guint count = 0;

    g_hash_table_iter_init(&iter, self->phases);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        count += (HeldPhase)GPOINTER_TO_INT(value) == phase;
    return count;
}

GPtrArray *
held_running(const Held *self)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(held_id_free);
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, self->phases);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if ((HeldPhase)GPOINTER_TO_INT(value) == HELD_RUNNING)
            g_ptr_array_add(ids, execution_id_copy(key));
    return ids;
}

GPtrArray *
held_not_head(const Held *self, const JobsExecution *head)
{
    GPtrArray *ids = held_running(self);

    for (guint i = ids->len; i > 0; i--)
        if (head != NULL && execution_id_equal(ids->pdata[i - 1], head->id))
            g_ptr_array_remove_index(ids, i - 1);
    return ids;
}

static gboolean
held_is_listed(const ExecutionId *id, const GPtrArray *pending)
{
    for (guint i = 0; i < pending->len; i++)
        if (execution_id_equal(((const JobsPending *)pending->pdata[i])->id, id))
            return TRUE;
    return FALSE;
}

GPtrArray *
held_not_listed(const Held *self, const GPtrArray *pending)
{
    GPtrArray *ids = held_running(self);

    for (guint i = ids->len; i > 0; i--)
        if (held_is_listed(ids->pdata[i - 1], pending))
            g_ptr_array_remove_index(ids, i - 1);
    return ids;
}

char *
held_taken_away(const ExecutionId *id, const JobsMessage *answer)
{
    const JobsExecution *execution = answer->execution;

    if (answer->refusal == JOBS_REFUSAL_RESOURCE_NOT_FOUND)
        return g_strdup("the execution was deleted");
    if (answer->refusal == JOBS_REFUSAL_TERMINAL_STATE_REACHED ||
        answer->refusal == JOBS_REFUSAL_INVALID_STATE_TRANSITION)
        return g_strdup("the execution was cancelled or has timed out");
    if (answer->refusal != JOBS_REFUSAL_NONE || execution == NULL)
        return NULL;
    if (!execution_id_equal(execution->id, id))
        return g_strdup("the service has replaced the execution by another one of the same job");
    if (execution_status_is_final(execution->status))
        return g_strdup_printf("the execution is %s", execution_status_to_word(execution->status));
    return NULL;
}
