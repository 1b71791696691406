/* Questions to the service that have no answer yet: pulls, descriptions, refreshed documents.
 *
 * One per kind and execution; asking again while one is in flight makes sure that an answer younger
 * than the asking will come. Every question is repeated until answered or given up. Pure
 * bookkeeping like the outbox.
 */
#pragma once

#include "execution.h"

#include <glib.h>

typedef enum {
    REQUEST_LIST,       /* the pending list */
    REQUEST_NEXT,       /* the head of the queue */
    REQUEST_START_NEXT, /* the head of the queue, started */
    REQUEST_WATCH,      /* is this execution still ours? */
    REQUEST_SAVED,      /* the same, and which details does the service keep of it? */
    REQUEST_LOOK,       /* a listed execution with its document */
    REQUEST_REFRESH,    /* the document again */
} RequestKind;

typedef struct {
    RequestKind kind;
    ExecutionId *id; /* NULL for the first three kinds */
} Request;
void request_free(Request *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Request, request_free)

typedef struct _Requests Requests;

Requests *requests_new(gint64 timeout_ms, gint64 retry_first_ms, gint64 retry_cap_ms);
void requests_free(Requests *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Requests, requests_free)

/* id may be NULL. give_up_ms: how long to try, 0 for ever. */
void requests_put(Requests *self, RequestKind kind, const ExecutionId *id, gint64 give_up_ms,
                  gint64 now_ms);
void requests_cancel(Requests *self, RequestKind kind, const ExecutionId *id);
gboolean requests_has(const Requests *self, RequestKind kind, const ExecutionId *id);
guint requests_count(const Requests *self, RequestKind kind);

/* The next question to be sent now, counted as sent with this ticket; valid until the next call.
 * NULL: nothing is due. */
const Request *requests_next(Requests *self, guint64 ticket, gint64 now_ms);
gint64 requests_next_time(const Requests *self);
/* When requests_take_expired() is worth asking again. */
gint64 requests_next_expiry(const Requests *self);
/* Takes out a question whose time is up, or NULL. Caller frees. */
Request *requests_take_expired(Requests *self, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* The latest ticket in flight of this kind (and job, when not NULL); 0 for none. */
guint64 requests_ticket_of(const Requests *self, RequestKind kind, const char *job_id);
/* Whose question an answer settles; it is taken out (or asked anew when put again meanwhile). NULL
 * when the ticket is not known. Caller frees. */
Request *requests_answered(Requests *self, guint64 ticket, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;
/* The service cannot answer now: ask again after a back-off delay. FALSE when the ticket is not
 * known. */
gboolean requests_refused(Requests *self, guint64 ticket, gint64 now_ms);
/* A new link: whatever was asked on the old one is due at once, with fresh back-off. */
void requests_link_up(Requests *self, gint64 now_ms);
