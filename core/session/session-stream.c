#include "session-private.h"

#include "stream-topics.h"

#include <errno.h>
#include <string.h>

/* Subscriptions: AWS takes 50 on a connection, three go with each channel and six are the Jobs'.
 * Beyond that the channel used longest ago goes. */
#define SESSION_STREAMS_PER_EXECUTION 4
#define SESSION_STREAMS_MAX           12
/* A SUBACK that does not come is asked for again, a refused subscription tried again. */
#define SESSION_STREAM_RETRY_MS       10000
/* A link that is lost so soon after a request may have been cut because of it. */
#define SESSION_STREAM_BLAME_MS       2000
/* Bytes that may wait for a link that takes nothing; more is dropped, as a lost message would be.
 */
#define SESSION_STREAM_BACKLOG_MAX    (256 * 1024)

typedef enum { CHANNEL_CLOSED, CHANNEL_ASKED, CHANNEL_OPEN, CHANNEL_REFUSED } ChannelState;

/* The subscriptions to one stream in one format, for one execution. */
typedef struct {
    ExecutionId *id;
    char *stream;
    StreamFormat format;
    char **filters;
    ChannelState state;
    gint64 state_ms;  /* since when */
    int subscribe_id; /* of the SUBACK to come */
    GBytes *waiting;  /* the latest request, until the SUBACK is there; or NULL */
    StreamTopic waiting_topic;
    gint64 request_ms; /* the last one, and the last use */
} Channel;

void
session_stream_channel_free(gpointer data)
{
    Channel *channel = data;

    execution_id_free(channel->id);
    g_free(channel->stream);
    g_strfreev(channel->filters);
    g_clear_pointer(&channel->waiting, g_bytes_unref);
    g_free(channel);
}

static Channel *
channel_at(const Session *self, guint index)
{
    return self->streams->pdata[index];
}

static gboolean
channel_is(const Channel *channel, const char *stream, StreamFormat format)
{
    return channel->format == format && strcmp(channel->stream, stream) == 0;
}

static void
channel_set_state(Channel *channel, ChannelState state)
{
    channel->state = state;
    channel->state_ms = session_now();
}

static void
channel_publish(Session *self, Channel *channel, StreamTopic topic, GBytes *payload)
{
    g_autofree char *name =
        stream_topics_name(self->options.thing_name, channel->stream, topic, channel->format);

    if (mqtt_backlog(self->mqtt) > SESSION_STREAM_BACKLOG_MAX) {
        log_job(G_LOG_LEVEL_DEBUG, channel->id->job_id,
                "a request for a stream is not sent: the connection takes nothing");
        return;
    }
    mqtt_publish(self->mqtt, name, g_bytes_get_data(payload, NULL), g_bytes_get_size(payload));
}

/* QoS 0: lost blocks are asked for again in any case, and an acknowledgement for each would only
 * cost. */
static void
channel_subscribe(Session *self, Channel *channel)
{
    channel_set_state(channel, CHANNEL_ASKED);
    channel->subscribe_id = mqtt_subscribe(self->mqtt, channel->filters, 0);
}

/* Others may listen to the same stream. */
static void
close_channel(Session *self, guint index)
{
    Channel *channel = g_ptr_array_steal_index(self->streams, index);
    gboolean shared = FALSE;

    for (guint i = 0; i < self->streams->len; i++)
        shared = shared || channel_is(channel_at(self, i), channel->stream, channel->format);
    if (!shared && self->state == SESSION_READY && channel->state != CHANNEL_CLOSED)
        mqtt_unsubscribe(self->mqtt, channel->filters);
    session_stream_channel_free(channel);
}

/* Makes room for one more channel of that execution. */
static void
make_room(Session *self, const ExecutionId *id)
{
    guint own = 0;

    for (guint i = 0; i < self->streams->len; i++)
        own += execution_id_equal(channel_at(self, i)->id, id);
    if (own < SESSION_STREAMS_PER_EXECUTION && self->streams->len < SESSION_STREAMS_MAX)
        return;
    guint oldest = self->streams->len;
    for (guint i = 0; i < self->streams->len; i++) {
        if (own >= SESSION_STREAMS_PER_EXECUTION &&
            !execution_id_equal(channel_at(self, i)->id, id))
            continue;
        if (oldest == self->streams->len ||
            channel_at(self, i)->request_ms < channel_at(self, oldest)->request_ms)
            oldest = i;
    }
    close_channel(self, oldest);
}

static Channel *
open_channel(Session *self, const ExecutionId *id, const char *stream, StreamFormat format)
{
    for (guint i = 0; i < self->streams->len; i++)
        if (execution_id_equal(channel_at(self, i)->id, id) &&
            channel_is(channel_at(self, i), stream, format))
            return channel_at(self, i);
    make_room(self, id);
    Channel *channel = g_new0(Channel, 1);
    channel->id = execution_id_copy(id);
    channel->stream = g_strdup(stream);
    channel->format = format;
    channel->filters = stream_topics_filters(self->options.thing_name, stream, format);
    g_ptr_array_add(self->streams, channel);
    return channel;
}

/* The callback may close the channel. */
static void
tell(Session *self, const ExecutionId *id, const char *stream, StreamFormat format,
     StreamTopic topic, GBytes *payload, int error_number)
{
    g_autoptr(ExecutionId) id_copy = execution_id_copy(id);
    g_autofree char *stream_copy = g_strdup(stream);

    if (self->callbacks.streamed != NULL)
        self->callbacks.streamed(id_copy, stream_copy, format, topic, payload, error_number,
                                 self->user_data);
}

void
session_stream_request(Session *self, const ExecutionId *id, const char *stream,
                       StreamFormat format, StreamTopic topic, GBytes *payload)
{
    gint64 retry_ms = SESSION_STREAM_RETRY_MS / (gint64)clock_scale();

    if (self->stopping || !stream_name_valid(stream) || !stream_topic_is_request(topic) ||
        held_get(self->held, id) != HELD_RUNNING) {
        log_job(G_LOG_LEVEL_DEBUG, id->job_id,
                "a request for a stream is not sent: the execution is not running");
        return;
    }
    if (self->state != SESSION_READY) {
        tell(self, id, stream, format, STREAM_REJECTED, NULL, ENETDOWN);
        return;
    }
    Channel *channel = open_channel(self, id, stream, format);
    channel->request_ms = session_now();
    if (channel->state == CHANNEL_OPEN) {
        channel_publish(self, channel, topic, payload);
        return;
    }
    gboolean again = channel->request_ms - channel->state_ms >= retry_ms;
    if (channel->state == CHANNEL_REFUSED && !again)
        return;
    g_clear_pointer(&channel->waiting, g_bytes_unref);
    channel->waiting = g_bytes_ref(payload);
    channel->waiting_topic = topic;
    if (channel->state != CHANNEL_ASKED || again)
        channel_subscribe(self, channel);
}

void
session_stream_close(Session *self, const ExecutionId *id)
{
    g_autoptr(ExecutionId) copy = self->streams->len > 0 ? execution_id_copy(id) : NULL;

    for (guint i = self->streams->len; i > 0; i--)
        if (execution_id_equal(channel_at(self, i - 1)->id, copy))
            close_channel(self, i - 1);
}

/* ---- What the link brings ---- */

static void
say_refused(Session *self, const Channel *channel, const int *codes, guint count)
{
    guint64 suppressed = 0;

    if (!log_throttle(&self->stream_refused, &suppressed))
        return;
    for (guint i = 0; i < STREAM_TOPICS_FILTER_COUNT; i++)
        if (i >= count || codes[i] >= MQTT_SUBSCRIBE_REFUSED)
            g_warning("the broker refused the subscription to %s for client %s; allow "
                      "iot:Subscribe on topicfilter/%s and iot:Receive on topic/%s in the "
                      "certificate's policy",
                      channel->filters[i], self->options.client_id, channel->filters[i],
                      channel->filters[i]);
}

static void
on_suback(Session *self, Channel *channel, const int *codes, guint count)
{
    g_autoptr(GBytes) waiting = g_steal_pointer(&channel->waiting);
    gboolean refused = FALSE;

    channel->subscribe_id = 0;
    for (guint i = 0; i < STREAM_TOPICS_FILTER_COUNT; i++)
        refused = refused || i >= count || codes[i] >= MQTT_SUBSCRIBE_REFUSED;
    if (!refused) {
        channel_set_state(channel, CHANNEL_OPEN);
        if (waiting != NULL)
            channel_publish(self, channel, channel->waiting_topic, waiting);
        return;
    }
    channel_set_state(channel, CHANNEL_REFUSED);
    say_refused(self, channel, codes, count);
    tell(self, channel->id, channel->stream, channel->format, STREAM_REJECTED, NULL, EACCES);
}

gboolean
session_streams_subscribed(Session *self, int subscribe_id, const int *codes, guint count)
{
    for (guint i = 0; i < self->streams->len; i++)
        if (channel_at(self, i)->subscribe_id == subscribe_id && subscribe_id != 0) {
            on_suback(self, channel_at(self, i), codes, count);
            return TRUE;
        }
    return FALSE;
}

void
session_streams_up(Session *self)
{
    for (guint i = 0; i < self->streams->len; i++)
        channel_subscribe(self, channel_at(self, i));
}

/* AWS answers a PUBLISH that the policy does not allow by ending the connection. */
static void
say_blame(Session *self, const Channel *channel)
{
    guint64 suppressed = 0;

    if (log_throttle(&self->stream_refused, &suppressed))
        log_job(G_LOG_LEVEL_WARNING, channel->id->job_id,
                "the connection ended right after a request for stream %s; should that happen "
                "again, check that the certificate's policy allows iot:Publish on "
                "topic/$aws/things/%s/streams/*",
                channel->stream, self->options.thing_name);
}

void
session_streams_down(Session *self)
{
    gint64 blame_ms = session_now() - SESSION_STREAM_BLAME_MS / (gint64)clock_scale();

    for (guint i = 0; i < self->streams->len; i++) {
        Channel *channel = channel_at(self, i);
        if (channel->state != CHANNEL_CLOSED && channel->request_ms > blame_ms)
            say_blame(self, channel);
        channel_set_state(channel, CHANNEL_CLOSED);
        channel->subscribe_id = 0;
        g_clear_pointer(&channel->waiting, g_bytes_unref);
    }
}

gboolean
session_streams_message(Session *self, const char *name, const char *payload, gsize length)
{
    char stream[STREAM_NAME_MAX + 1];
    StreamFormat format = STREAM_JSON;
    StreamTopic topic = STREAM_DATA;
    guint64 suppressed = 0;

    if (!stream_topics_classify(self->options.thing_name, name, stream, &topic, &format))
        return FALSE;
    if (length > STREAM_MESSAGE_MAX) {
        if (log_throttle(&self->odd, &suppressed))
            g_warning("a message on %s is left aside: %" G_GSIZE_FORMAT " bytes, at most %d", name,
                      length, STREAM_MESSAGE_MAX);
        return TRUE;
    }
    g_autoptr(GBytes) bytes = g_bytes_new(payload, length);
    /* From the end: a callback may close channels. */
    for (guint i = self->streams->len; i > 0; i--)
        if (i <= self->streams->len && channel_is(channel_at(self, i - 1), stream, format))
            tell(self, channel_at(self, i - 1)->id, stream, format, topic, bytes, 0);
    return TRUE;
}
