/* The inside of Session. Private to session*.c.
 *
 * session.c            public calls
 * session-link.c       the link: states x events, back-off, what to say about failures
 * session-send.c       what is due, in which order, and the one timer
 * session-answer.c     messages that arrive: answers to updates and questions
 * session-queue.c      the queue of executions: pulling its head, offering, watching
 * session-list.c       lists of executions: choosing, looking behind a head that is over for us
 * session-stream.c     file streams: subscriptions, and messages passed on
 *
 * They stand on mqtt.h (one connection), link-health.h (what the way a link ends tells), outbox.h
 * (updates without an answer yet), requests.h (questions without one), both with attempts.h (when
 * to send and send again), held.h (which execution is at which point), topics.h and jobs-message.h
 * (the service's words).
 */
#pragma once

#include "attempts.h"
#include "backoff.h"
#include "clock.h"
#include "held.h"
#include "link-health.h"
#include "log.h"
#include "mqtt.h"
#include "outbox.h"
#include "requests.h"
#include "session.h"
#include "topics.h"

/* Questions and claims are wanted soon, final statuses must not hurry a service in trouble. */
#define SESSION_ASK_FIRST_MS       2000
#define SESSION_RETRY_FIRST_MS     10000
#define SESSION_RETRY_CAP_MS       640000
/* Reconnecting. AWS takes one CONNECT a second of a client id. With the cap, a link that is back
 * while a connect still waits for its deadline is used within a minute. */
#define SESSION_RECONNECT_FIRST_MS 1000
#define SESSION_RECONNECT_CAP_MS   40000
#define SESSION_CONNECT_APART_MS   1000
/* A connection that had lasted and is lost may be the broker's end, and then all its clients' at
 * once: the first try falls anywhere in this time. Of 1,000 devices about 67 then come in each
 * second, at most 90 as seeds have it, so that none holds a tenth of them (12 s would let some). A
 * young connection is tried again within a second: it is one gateway's trouble, or its broker's
 * that keeps falling, and then the clients came to it spread and each next try comes later. */
#define SESSION_SPREAD_MS          15000
#define SESSION_SUBACK_DEADLINE_MS 30000
/* After a final status, or a list that names something new, the head of the queue is on its way by
 * itself; ask only when it does not come. */
#define SESSION_HEAD_EXPECTED_MS   250
#define SESSION_LIST_SETTLES_MS    1000
/* A head that came while there was no room is offered later only while its URLs are fresh. */
#define SESSION_HEAD_FRESH_MS      2000
/* How many reasons of one outage are told although their time has not come. */
#define SESSION_REASONS_TOLD       4
/* How often an empty answer is doubted after a list that named something, and a list asked for
 * after one whose executions could not be had. */
#define SESSION_DOUBTS_MAX         3
/* How long session_refresh() tries, a listed execution is asked about, and updates of an earlier
 * life's execution wait for what the service keeps of it, in request timeouts. */
#define SESSION_ASK_TRIES          3

/* Marks an execution that this process started by start-next: the service ignores the details of a
 * start-next that finds the head already running. */
#define SESSION_MARKER_KEY      "startedBy"
/* What the marks of all processes begin with, and the versionNumber after a start-next: executions
 * are queued as 1, and each accepted update adds one. */
#define SESSION_RUN_PREFIX      "errand"
#define SESSION_STARTED_VERSION 2
#define SESSION_QUEUED_VERSION  1

typedef enum {
    SESSION_EVENT_CONNECT, /* it is time to connect */
    SESSION_EVENT_UP,
    SESSION_EVENT_SUBSCRIBED,
    SESSION_EVENT_DOWN,
    SESSION_EVENT_STOP,
    SESSION_N_EVENTS,
} SessionEvent;

struct _Session {
    SessionOptions options; /* deep copy */
    SessionCallbacks callbacks;
    gpointer user_data;
    Mqtt *mqtt;
    /* Link */
    SessionState state;
    gboolean started;
    gboolean stopped;
    char **filters;
    GSource *link_timer; /* next CONNECT, or the SUBACK deadline */
    Backoff reconnect;
    LinkHealth health;
    LogThrottle outage;
    char *outage_why;     /* the latest reason of a loss */
    guint outage_reasons; /* how often it changed */
    gboolean outage_said; /* the latest loss was logged */
    gint64 connect_ms;    /* when the last CONNECT was tried */
    const char *down_why;
    int subscribe_id;        /* of the latest SUBSCRIBE for the filters */
    const int *suback_codes; /* during SESSION_EVENT_SUBSCRIBED */
    guint suback_count;
    gint64 resubscribe_ms; /* filters were refused: try again then */
    Backoff resubscribe;
    LogThrottle refused;
    /* Conversation */
    char *run; /* marks this process in tokens */
    guint64 ticket;
    Outbox *outbox;
    Requests *requests;
    Held *held;
    guint room;
    gboolean room_said;  /* session_set_room() was called during an offer */
    JobsExecution *head; /* came while there was no room */
    gint64 head_ms;
    gint64 pull_ms;   /* a planned pull */
    gint64 resync_ms; /* the next periodic one */
    gint64 settled_ms;
    gboolean doubtful; /* a list named something that the head did not show yet */
    guint doubts;
    guint fruitless;            /* listed executions in a row that could not be had */
    gboolean more_listed;       /* a list named new executions that there was no room to look at */
    gboolean refused_said;      /* since the last resync, that a refused execution is passed over */
    LogThrottle odd;            /* messages that make no sense */
    LogThrottle refusal;        /* refused questions */
    GPtrArray *streams;         /* of session-stream.c */
    LogThrottle stream_refused; /* subscriptions and connections */
    GSource *timer;
    gint64 timer_ms;
    gboolean timer_running;
    /* End */
    gboolean stopping;
    GSource *stop_timer;
    GSourceFunc done;
    gpointer done_data;
};

/* session-link.c */
void session_link_event(Session *self, SessionEvent event);
/* Tries to connect after that time (shortened by the test scale), from the main loop. */
void session_link_connect_in(Session *self, gint64 delay_ms);
extern const MqttCallbacks session_mqtt_callbacks;

/* session-send.c */
gint64 session_now(void);
/* Sends what is due (when ready) and arms the timer. Calls no callback. */
void session_send(Session *self);
/* The next ticket of an incoming clientToken, or 0 when it is none of ours. */
guint64 session_ticket_of_token(const Session *self, const char *token);

/* session-answer.c */
/* Passes on how much time the service gives an execution that runs here. */
void session_tell_time(Session *self, const JobsExecution *execution);
void session_on_message(Session *self, const char *topic, const char *payload, gsize length);
/* Questions whose time is up. */
void session_expire(Session *self);

/* session-queue.c */
/* The link is ready: take stock. */
void session_queue_ready(Session *self);
/* Asks the service for what is next, at once or after a while. */
void session_pull(Session *self);
void session_plan_pull(Session *self, gint64 delay_ms);
void session_resync(Session *self);
/* Asks which details the service keeps of the executions that wait for that. */
void session_ask_saved(Session *self);
/* The head of the queue, NULL for an empty one; asked: it is the answer to a question. Takes
 * execution. */
void session_queue_head(Session *self, JobsExecution *execution, gboolean asked);
/* The answer to start-next. Takes execution. */
void session_queue_started(Session *self, JobsExecution *execution);
/* Offers what came while there was no room; from the main loop only. */
void session_queue_offer_head(Session *self);
/* Watches, and frees the ids. */
void session_watch_all(Session *self, GPtrArray *ids);
void session_offer(Session *self, const JobsExecution *execution);
/* Whether it is worth telling the owner at all. */
gboolean session_is_news(Session *self, const JobsExecution *execution);

/* session-list.c */
/* A list that came by itself; one that was asked for; the description of a listed execution that
 * was asked for, NULL when there is none. The last takes execution. */
void session_list_notified(Session *self, const GPtrArray *pending);
void session_list_answered(Session *self, const GPtrArray *pending);
void session_list_described(Session *self, const ExecutionId *id, JobsExecution *execution);
/* TRUE when this head of the queue is over for us; what lies behind it is asked for then. asked: as
 * of session_queue_head(). */
gboolean session_pass_over_if_over(Session *self, const JobsExecution *execution, gboolean asked);
/* Asks for the list to look behind this head of the queue. */
void session_pass_over(Session *self, const JobsExecution *execution);
/* The answer about the head of the queue cannot be read: it is asked for again later, and the list
 * at once, for others may lie behind it. */
void session_pass_over_unread(Session *self, TopicKind kind);
/* Forgets an execution that is done when this one, which nobody has worked on as its version tells,
 * has been queued anew under the same name. */
void session_recognize(Session *self, const JobsExecution *execution, gint64 version);

/* session-stream.c */
void session_stream_channel_free(gpointer channel);
/* A SUBACK; FALSE when it answers nothing of a stream. */
gboolean session_streams_subscribed(Session *self, int subscribe_id, const int *codes, guint count);
/* FALSE when the topic is none of a stream. */
gboolean session_streams_message(Session *self, const char *name, const char *payload,
                                 gsize length);
/* The link is ready; the link is lost. */
void session_streams_up(Session *self);
void session_streams_down(Session *self);

/* session.c */
/* Ends the session when it is stopping and nothing is left to send, or force. */
void session_maybe_done(Session *self, gboolean force);
