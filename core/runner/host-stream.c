#include "clock.h"
#include "host-private.h"
#include "rate.h"
#include "stream-want.h"
#include "text.h"

#include <errno.h>
#include <string.h>

/* How long an answer may take; and how long after a block the next one may. errand/plugin.h says
 * the same. */
#define ANSWER_LIMIT_US     (10 * G_USEC_PER_SEC)
#define NEXT_LIMIT_US       (2 * G_USEC_PER_SEC)
/* Below what the daemon bears (core/job/stream-quota.h). */
#define REQUESTS_PER_SECOND 40
#define REQUESTS_AT_ONCE    40
/* The smallest request there ever was: members that came later are not read of older ones. */
#define REQUEST_SIZE_MIN                                                                           \
    (offsetof(errand_stream_request, data) + sizeof(((errand_stream_request *)NULL)->data))
#define FILE_SIZE_MIN                                                                              \
    (offsetof(errand_stream_file, size) + sizeof(((errand_stream_file *)NULL)->size))

G_STATIC_ASSERT((int)STREAM_JSON == ERRAND_STREAM_JSON);
G_STATIC_ASSERT((int)STREAM_CBOR == ERRAND_STREAM_CBOR);
G_STATIC_ASSERT(STREAM_BLOCK_SIZE_MIN == ERRAND_STREAM_BLOCK_MIN);
G_STATIC_ASSERT(STREAM_BLOCK_SIZE_MAX == ERRAND_STREAM_BLOCK_MAX);

/* One question: what was asked, to tell its answers from others'. */
typedef struct {
    Host *host;
    const char *stream;
    StreamFormat format;
    char *token;
    gsize family;     /* so many bytes of it are the same in all requests for the same blocks */
    gboolean damaged; /* a message was, and that is said once */
} Question;

static gint64
after(gint64 limit_us)
{
    return clock_now() + limit_us / clock_scale();
}

static int
check_arguments(Host *self, const char *stream, int32_t format, int32_t file)
{
    if (!stream_name_valid(stream) || format < 0 || format >= STREAM_N_FORMATS || file < 0 ||
        file > STREAM_FILE_MAX)
        return -EINVAL;
    return host_is_running(self) ? 0 : -EPERM;
}

/* Holds a plugin back that asks without end. With the stream begun: nothing comes meanwhile but
 * the remains of an earlier request. */
static int
keep_rate(Host *self)
{
    for (;;) {
        g_autoptr(Packet) packet = NULL;
        gint64 now_us = clock_now();
        gint64 wait_us = rate_take(&self->stream_rate, REQUESTS_PER_SECOND * clock_scale(),
                                   REQUESTS_AT_ONCE, now_us);

        if (wait_us == 0)
            return 0;
        if (client_stream_wait(self->client, now_us + wait_us, &packet) == -ECANCELED)
            return -ECANCELED;
    }
}

static int
ask(const Question *question, StreamTopic topic, GBytes *payload)
{
    g_autoptr(Packet) packet = packet_new(PACKET_STREAM);
    int result = keep_rate(question->host);

    if (result < 0)
        return result;
    packet->stream = g_strdup(question->stream);
    packet->format = question->format;
    packet->topic = topic;
    packet->payload = g_bytes_ref(payload);
    return client_send(question->host->client, packet);
}

static void
say(const Question *question, int level, const char *what, const char *why)
{
    g_autofree char *shown = text_show(why, -1, STREAM_TEXT_MAX, FALSE);
    g_autofree char *line = g_strdup_printf("stream %s: %s: %s", question->stream, what, shown);

    host_log((errand_job *)question->host, level, line);
}

/* Late blocks of an earlier request for the same are welcome, refusals of it are not. */
static gboolean
is_for(const Question *question, const StreamMessage *answer)
{
    if (answer->token == NULL)
        return TRUE;
    if (answer->topic == STREAM_REJECTED)
        return strcmp(answer->token, question->token) == 0;
    return strncmp(answer->token, question->token, question->family) == 0;
}

/* Waits for the next message that answers the question. 0 with *message, or a negative errno
 * value: of the wait, of the daemon, or of the service's refusal. */
static int
next_answer(Question *question, StreamTopic wanted, gint64 until_us, StreamMessage **message)
{
    for (;;) {
        g_autoptr(Packet) packet = NULL;
        g_autoptr(StreamMessage) answer = NULL;
        g_autoptr(GError) error = NULL;
        int result = client_stream_wait(question->host->client, until_us, &packet);
        gsize length = 0;
        gconstpointer data;

        if (result < 0)
            return result;
        if (strcmp(packet->stream, question->stream) != 0 || packet->format != question->format)
            continue;
        if (packet->error_number != 0)
            return -packet->error_number;
        if (packet->payload == NULL ||
            (packet->topic != wanted && packet->topic != STREAM_REJECTED))
            continue;
        data = g_bytes_get_data(packet->payload, &length);
        answer = stream_message_parse(packet->format, packet->topic, data, length, &error);
        if (answer == NULL) {
            if (!question->damaged)
                say(question, ERRAND_LOG_WARNING, "a message is left aside", error->message);
            question->damaged = TRUE;
            continue;
        }
        if (!is_for(question, answer))
            continue;
        if (answer->topic == STREAM_REJECTED) {
            say(question, ERRAND_LOG_WARNING, answer->code,
                answer->text != NULL ? answer->text : "no reason given");
            return -stream_message_errno(answer);
        }
        *message = g_steal_pointer(&answer);
        return 0;
    }
}

static int
find_file(const StreamMessage *description, int32_t file, errand_stream_file *found)
{
    if (description->version > G_MAXINT32)
        return -EIO;
    for (guint i = 0; i < description->files->len; i++) {
        const StreamFile *entry = &g_array_index(description->files, StreamFile, i);

        if (entry->file != file)
            continue;
        found->version = (int32_t)description->version;
        found->size = entry->size;
        return 0;
    }
    return -ENOENT;
}

int32_t
host_stream_describe(errand_job *job, const char *stream, int32_t format, int32_t file,
                     errand_stream_file *found)
{
    Host *self = (Host *)job;
    g_autofree char *token = g_strdup_printf("errand-%08x", g_random_int());
    Question question = {
        .host = self, .stream = stream, .format = (StreamFormat)format, .token = token};
    g_autoptr(StreamMessage) answer = NULL;
    g_autoptr(GBytes) payload = NULL;
    int result = check_arguments(self, stream, format, file);

    if (result == 0 && (found == NULL || found->struct_size < FILE_SIZE_MIN))
        result = -EINVAL;
    if (result == 0)
        result = client_stream_begin(self->client);
    if (result < 0)
        return result;
    question.family = strlen(token);
    payload = stream_message_describe(question.format, token);
    result = ask(&question, STREAM_DESCRIBE, payload);
    if (result == 0)
        result = next_answer(&question, STREAM_DESCRIPTION, after(ANSWER_LIMIT_US), &answer);
    client_stream_end(self->client);
    return answer == NULL ? result : find_file(answer, file, found);
}

/* Gives one block to the plugin, if it is one that is waited for. */
static int
take(const errand_stream_request *request, StreamWant *want, const StreamMessage *message)
{
    gsize length = 0;
    gconstpointer data = g_bytes_get_data(message->payload, &length);
    int32_t result;

    if (message->file != request->file || !stream_want_take(want, message->index, length))
        return 0;
    result = request->block(request->data, (uint32_t)message->index, data, (uint32_t)length);
    return MIN(result, 0);
}

/* Number of blocks, or a negative errno value. */
static int
collect(Question *question, const errand_stream_request *request, StreamWant *want)
{
    gint64 until_us = after(ANSWER_LIMIT_US);

    while (!stream_want_is_complete(want)) {
        g_autoptr(StreamMessage) message = NULL;
        guint32 before = want->got;
        int result = next_answer(question, STREAM_DATA, until_us, &message);

        if (result == -ETIMEDOUT)
            break;
        if (message != NULL)
            result = take(request, want, message);
        if (result < 0)
            return result;
        if (want->got > before)
            until_us = after(NEXT_LIMIT_US);
    }
    return (int)want->got;
}

static int
get(Question *question, const errand_stream_request *request, StreamWant *want)
{
    StreamGet message = {
        .token = question->token, .version = request->version, .file = request->file};
    g_autoptr(GBytes) payload = NULL;
    int result;

    stream_want_request(want, &message);
    payload = stream_message_get(question->format, &message);
    result = ask(question, STREAM_GET, payload);
    return result < 0 ? result : collect(question, request, want);
}

int32_t
host_stream_get(errand_job *job, const errand_stream_request *request)
{
    Host *self = (Host *)job;
    g_auto(StreamWant) want = {0};
    g_autofree char *family = NULL;
    g_autofree char *token = NULL;
    Question question = {.host = self};
    int result;

    if (request == NULL || request->struct_size < REQUEST_SIZE_MIN || request->block == NULL)
        return -EINVAL;
    result = check_arguments(self, request->stream, request->format, request->file);
    if (result == 0 && !stream_want_init(&want, request->size, request->block_size, request->first,
                                         request->wanted, request->wanted_size))
        result = -EINVAL;
    if (result < 0 || want.asked == 0)
        return result;
    family =
        g_strdup_printf("errand-%d-%d-%u-", request->file, request->version, request->block_size);
    token = g_strdup_printf("%s%08x", family, g_random_int());
    question.family = strlen(family);
    question.stream = request->stream;
    question.format = (StreamFormat)request->format;
    question.token = token;
    result = client_stream_begin(self->client);
    if (result < 0)
        return result;
    result = get(&question, request, &want);
    client_stream_end(self->client);
    return result;
}
