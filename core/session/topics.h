/* Topic names of the Jobs service: made here, told apart here, nowhere else.
 *
 * A topic is told apart by its segments and never by a substring, because a jobId may be any of
 * "get", "start-next", "notify" and "update". Pure; no errors, no I/O.
 */
#pragma once

#include "execution.h"

#include <glib.h>

/* Filters that cover the whole conversation; few enough for one SUBSCRIBE (AWS takes 8). */
#define TOPICS_FILTER_COUNT 6

/* Longest thing name, in bytes; its alphabet is [a-zA-Z0-9:_-]. */
#define TOPICS_THING_NAME_MAX 128

typedef enum {
    TOPIC_LIST,        /* P/get: GetPendingJobExecutions */
    TOPIC_START_NEXT,  /* P/start-next: StartNextPendingJobExecution */
    TOPIC_NEXT,        /* P/$next/get: DescribeJobExecution of the head of the queue */
    TOPIC_DESCRIBE,    /* P/JOB/get */
    TOPIC_UPDATE,      /* P/JOB/update */
    TOPIC_NOTIFY,      /* P/notify: the list of pending executions changed */
    TOPIC_NOTIFY_NEXT, /* P/notify-next: the head of the queue changed */
} TopicKind;

typedef struct {
    TopicKind kind;
    gboolean accepted;                     /* of an answer; FALSE for notifications */
    char job_id[EXECUTION_JOB_ID_MAX + 1]; /* "" unless TOPIC_DESCRIBE or TOPIC_UPDATE */
} Topic;

gboolean topics_thing_name_valid(const char *text);
/* The topic a request is published to. job_id is needed by TOPIC_DESCRIBE and TOPIC_UPDATE only. */
char *topics_request(const char *thing_name, TopicKind kind, const char *job_id);
/* The filters, in the order of their SUBACK codes; NULL-terminated, caller frees. */
char **topics_filters(const char *thing_name);
/* What a message is. FALSE for everything that is not an answer or a notification for this thing:
 * other things, the echo of a request, namespaces of other agents. */
gboolean topics_classify(const char *thing_name, const char *topic,
                         Topic *result) G_GNUC_WARN_UNUSED_RESULT;
