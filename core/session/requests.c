#include "requests.h"

#include "attempts.h"

#include <string.h>

typedef struct {
    Request request;
    Attempts attempts;
    gboolean once_more; /* put again while in flight */
    gint64 give_up_ms;  /* ATTEMPTS_NEVER: never */
} RequestEntry;

struct _Requests {
    gint64 timeout_ms;
    gint64 retry_first_ms;
    gint64 retry_cap_ms;
    GPtrArray *entries; /* RequestEntry, oldest first */
};

void
request_free(Request *self)
{
    if (self == NULL)
        return;
    execution_id_free(self->id);
    g_free(self);
}

static void
requests_entry_free(gpointer data)
{
    RequestEntry *entry = data;

    execution_id_free(entry->request.id);
    g_free(entry);
}

Requests *
requests_new(gint64 timeout_ms, gint64 retry_first_ms, gint64 retry_cap_ms)
{
    Requests *self = g_new0(Requests, 1);

    self->timeout_ms = timeout_ms;
    self->retry_first_ms = retry_first_ms;
    self->retry_cap_ms = retry_cap_ms;
    self->entries = g_ptr_array_new_with_free_func(requests_entry_free);
    return self;
}

void
requests_free(Requests *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->entries);
    g_free(self);
}

static RequestEntry *
requests_find(const Requests *self, RequestKind kind, const ExecutionId *id)
{
    for (guint i = 0; i < self->entries->len; i++) {
        RequestEntry *entry = self->entries->pdata[i];
        if (entry->request.kind == kind && execution_id_equal(entry->request.id, id))
            return entry;
    }
    return NULL;
}

static RequestEntry *
requests_find_ticket(const Requests *self, guint64 ticket)
{
    for (guint i = 0; i < self->entries->len; i++) {
        RequestEntry *entry = self->entries->pdata[i];
        if (attempts_owns(&entry->attempts, ticket))
            return entry;
    }
    return NULL;
}

void
requests_put(Requests *self, RequestKind kind, const ExecutionId *id, gint64 give_up_ms,
             gint64 now_ms)
{
    RequestEntry *entry = requests_find(self, kind, id);

    if (entry != NULL) {
        entry->once_more = entry->attempts.in_flight;
        return;
    }
    entry = g_new0(RequestEntry, 1);
    entry->request.kind = kind;
    entry->request.id = execution_id_copy(id);
    entry->give_up_ms = give_up_ms > 0 ? now_ms + give_up_ms : ATTEMPTS_NEVER;
    attempts_init(&entry->attempts, self->timeout_ms, self->retry_first_ms, self->retry_cap_ms);
    attempts_renew(&entry->attempts, now_ms);
    g_ptr_array_add(self->entries, entry);
}

void
requests_cancel(Requests *self, RequestKind kind, const ExecutionId *id)
{
    RequestEntry *entry = requests_find(self, kind, id);

    if (entry != NULL)
        g_ptr_array_remove(self->entries, entry);
}

gboolean
requests_has(const Requests *self, RequestKind kind, const ExecutionId *id)
{
    return requests_find(self, kind, id) != NULL;
}

guint
requests_count(const Requests *self, RequestKind kind)
{
    guint count = 0;

    for (guint i = 0; i < self->entries->len; i++)
        count += ((const RequestEntry *)self->entries->pdata[i])->request.kind == kind;
    return count;
}

const Request *
requests_next(Requests *self, guint64 ticket, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        RequestEntry *entry = self->entries->pdata[i];
        if (!attempts_due(&entry->attempts, now_ms))
            continue;
        attempts_sent(&entry->attempts, ticket, now_ms);
        entry->once_more = FALSE;
        return &entry->request;
    }
    return NULL;
}

gint64
requests_next_time(const Requests *self)
{
    gint64 next = ATTEMPTS_NEVER;

    for (guint i = 0; i < self->entries->len; i++) {
        const RequestEntry *entry = self->entries->pdata[i];
        next = MIN(next, MIN(attempts_next_time(&entry->attempts), entry->give_up_ms));
    }
    return next;
}

gint64
requests_next_expiry(const Requests *self)
{
    gint64 next = ATTEMPTS_NEVER;

    for (guint i = 0; i < self->entries->len; i++)
        next = MIN(next, ((const RequestEntry *)self->entries->pdata[i])->give_up_ms);
    return next;
}

static Request *
requests_copy(const RequestEntry *entry)
{
    Request *request = g_new0(Request, 1);

    request->kind = entry->request.kind;
    request->id = execution_id_copy(entry->request.id);
    return request;
}

Request *
requests_take_expired(Requests *self, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        RequestEntry *entry = self->entries->pdata[i];
        if (now_ms < entry->give_up_ms)
            continue;
        Request *request = requests_copy(entry);
        g_ptr_array_remove(self->entries, entry);
        return request;
    }
    return NULL;
}

guint64
requests_ticket_of(const Requests *self, RequestKind kind, const char *job_id)
{
    for (guint i = 0; i < self->entries->len; i++) {
        const RequestEntry *entry = self->entries->pdata[i];
        if (entry->request.kind == kind && entry->attempts.in_flight &&
            (job_id == NULL || strcmp(entry->request.id->job_id, job_id) == 0))
            return entry->attempts.latest;
    }
    return 0;
}

Request *
requests_answered(Requests *self, guint64 ticket, gint64 now_ms)
{
    RequestEntry *entry = requests_find_ticket(self, ticket);

    if (entry == NULL)
        return NULL;
    Request *request = requests_copy(entry);
    if (entry->once_more) {
        entry->once_more = FALSE;
        attempts_renew(&entry->attempts, now_ms);
    } else {
        g_ptr_array_remove(self->entries, entry);
    }
    return request;
}

gboolean
requests_refused(Requests *self, guint64 ticket, gint64 now_ms)
{
    RequestEntry *entry = requests_find_ticket(self, ticket);

    if (entry == NULL)
        return FALSE;
    if (entry->attempts.in_flight && entry->attempts.latest == ticket)
        attempts_later(&entry->attempts, now_ms);
    return TRUE;
}

void
requests_link_up(Requests *self, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        RequestEntry *entry = self->entries->pdata[i];
        backoff_reset(&entry->attempts.backoff);
        attempts_again(&entry->attempts, now_ms);
    }
}
