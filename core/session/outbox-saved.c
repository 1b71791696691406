/* What an earlier life of errand had told about an execution: an update replaces the whole map at
 * the service, so the pairs that only the service knows are read back and sent along. */
#include "outbox-entry.h"

#include <string.h>

/* Errand's words for a moment or an end: those of an earlier life say nothing about this one. */
static const char *const outbox_passing_words[] = {
    "reason", "message", "exitCode", "signal", "stdout", "stderr", NULL,
};

void
outbox_await_saved(Outbox *self, const ExecutionId *id)
{
    outbox_ensure(self, id)->awaiting = TRUE;
}

GPtrArray *
outbox_awaiting_saved(const Outbox *self)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func((GDestroyNotify)execution_id_free);

    for (guint i = 0; i < self->entries->len; i++) {
        const OutboxEntry *entry = self->entries->pdata[i];
        if (entry->awaiting)
            g_ptr_array_add(ids, execution_id_copy(entry->id));
    }
    return ids;
}

static Details *
outbox_read_saved(GHashTable *saved)
{
    Details *details = details_new();
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, saved);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (!g_strv_contains(outbox_passing_words, key))
            details_set(details, DETAILS_PLUGIN, key, value);
    return details;
}

static void
outbox_add_detail(const char *key, const char *value, DetailsOrigin origin, gpointer user_data)
{
    details_set(user_data, origin, key, value);
}

void
outbox_complete(OutboxEntry *entry)
{
    Details *all = NULL;

    if (entry->saved == NULL || entry->details == NULL)
        return;
    all = details_copy(entry->saved);
    /* How far another life had come is worth telling of a failure only. */
    if (entry->kind == OUTBOX_FINAL && entry->status != EXECUTION_FAILED)
        details_set(all, DETAILS_PLUGIN, "progress", NULL);
    details_foreach(entry->details, outbox_add_detail, all);
    details_free(entry->details);
    entry->details = all;
}

void
outbox_saved(Outbox *self, const ExecutionId *id, GHashTable *saved)
{
    OutboxEntry *entry = outbox_find(self, id);

    if (entry == NULL || !entry->awaiting)
        return;
    entry->awaiting = FALSE;
    if (saved != NULL && g_hash_table_size(saved) > 0)
        entry->saved = outbox_read_saved(saved);
    outbox_complete(entry);
}
