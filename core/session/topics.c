#include "topics.h"

#include "text.h"

#include <string.h>

#define TOPICS_PREFIX       "$aws/things/%s/jobs"
/* The longest topic has "$aws things T jobs J update accepted"; one more shows that there is more.
 */
#define TOPICS_SEGMENTS_MAX 8

gboolean
topics_thing_name_valid(const char *text)
{
    return text_is_name(text, ":_-", TOPICS_THING_NAME_MAX);
}

char *
topics_request(const char *thing_name, TopicKind kind, const char *job_id)
{
    g_autofree char *prefix = g_strdup_printf(TOPICS_PREFIX, thing_name);

    switch (kind) {
    case TOPIC_LIST:
        return g_strconcat(prefix, "/get", NULL);
    case TOPIC_START_NEXT:
        return g_strconcat(prefix, "/start-next", NULL);
    case TOPIC_NEXT:
        return g_strconcat(prefix, "/$next/get", NULL);
    case TOPIC_DESCRIBE:
        return g_strconcat(prefix, "/", job_id, "/get", NULL);
    case TOPIC_UPDATE:
        return g_strconcat(prefix, "/", job_id, "/update", NULL);
    case TOPIC_NOTIFY:
        return g_strconcat(prefix, "/notify", NULL);
    case TOPIC_NOTIFY_NEXT:
        return g_strconcat(prefix, "/notify-next", NULL);
    }
    return NULL;
}

char **
topics_filters(const char *thing_name)
{
    static const char *const endings[TOPICS_FILTER_COUNT] = {
        "notify", "notify-next", "get/+", "start-next/+", "+/get/+", "+/update/+",
    };
    char **filters = g_new0(char *, TOPICS_FILTER_COUNT + 1);

    for (guint i = 0; i < TOPICS_FILTER_COUNT; i++)
        filters[i] = g_strdup_printf(TOPICS_PREFIX "/%s", thing_name, endings[i]);
    return filters;
}

static gboolean
topics_is_answer(const char *segment, gboolean *accepted)
{
    *accepted = strcmp(segment, "accepted") == 0;
    return *accepted || strcmp(segment, "rejected") == 0;
}

static gboolean
topics_classify_plain(const char *name, Topic *result)
{
    if (strcmp(name, "notify") == 0)
        result->kind = TOPIC_NOTIFY;
    else if (strcmp(name, "notify-next") == 0)
        result->kind = TOPIC_NOTIFY_NEXT;
    else
        return FALSE;
    return TRUE;
}

static gboolean
topics_classify_thing_answer(char **segments, Topic *result)
{
    if (strcmp(segments[0], "get") == 0)
        result->kind = TOPIC_LIST;
    else if (strcmp(segments[0], "start-next") == 0)
        result->kind = TOPIC_START_NEXT;
    else
        return FALSE;
    return topics_is_answer(segments[1], &result->accepted);
}

static gboolean
topics_classify_job_answer(char **segments, Topic *result)
{
    if (!topics_is_answer(segments[2], &result->accepted))
        return FALSE;
    if (strcmp(segments[0], "$next") == 0) {
        result->kind = TOPIC_NEXT;
        return strcmp(segments[1], "get") == 0;
    }
    if (!execution_job_id_valid(segments[0]))
        return FALSE;
    if (strcmp(segments[1], "get") == 0)
        result->kind = TOPIC_DESCRIBE;
    else if (strcmp(segments[1], "update") == 0)
        result->kind = TOPIC_UPDATE;
    else
        return FALSE;
    g_strlcpy(result->job_id, segments[0], sizeof result->job_id);
    return TRUE;
}

gboolean
topics_classify(const char *thing_name, const char *topic, Topic *result)
{
    if (topic == NULL)
        return FALSE;
    g_auto(GStrv) segments = g_strsplit(topic, "/", TOPICS_SEGMENTS_MAX);
    guint count = g_strv_length(segments);

    *result = (Topic){0};
    if (count < 5 || strcmp(segments[0], "$aws") != 0 || strcmp(segments[1], "things") != 0 ||
        strcmp(segments[2], thing_name) != 0 || strcmp(segments[3], "jobs") != 0)
        return FALSE;
    if (count == 5)
        return topics_classify_plain(segments[4], result);
    if (count == 6)
        return topics_classify_thing_answer(segments + 4, result);
    if (count == 7)
        return topics_classify_job_answer(segments + 4, result);
    return FALSE;
}
