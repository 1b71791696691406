#include "session-private.h"

#include "topics.h"

#define SESSION_N_STATES 4

static void
session_set_state(Session *self, SessionState state)
{
    if (self->state == state)
        return;
    self->state = state;
    if (self->callbacks.state_changed != NULL)
        self->callbacks.state_changed(state, self->user_data);
}

static gboolean
session_on_connect_time(gpointer user_data)
{
    Session *self = user_data;

    clock_timer_clear(&self->link_timer);
    session_link_event(self, SESSION_EVENT_CONNECT);
    return G_SOURCE_REMOVE;
}

void
session_link_connect_in(Session *self, gint64 delay_ms)
{
    clock_timer_clear(&self->link_timer);
    self->link_timer = clock_timer_add_scaled(delay_ms, session_on_connect_time, self);
}

static void
session_link_connect(Session *self)
{
    g_debug("connecting to %s:%u", self->options.host, self->options.port);
    self->connect_ms = session_now();
    session_set_state(self, SESSION_CONNECTING);
    mqtt_connect(self->mqtt);
}

static gboolean
session_on_suback_deadline(gpointer user_data)
{
    Session *self = user_data;

    clock_timer_clear(&self->link_timer);
    mqtt_disconnect(self->mqtt);
    self->down_why = "the broker did not answer SUBSCRIBE in time";
    session_link_event(self, SESSION_EVENT_DOWN);
    return G_SOURCE_REMOVE;
}

static void
session_link_up(Session *self)
{
    session_set_state(self, SESSION_SUBSCRIBING);
    clock_timer_clear(&self->link_timer);
    self->link_timer =
        clock_timer_add_scaled(SESSION_SUBACK_DEADLINE_MS, session_on_suback_deadline, self);
    link_health_subscribed(&self->health, session_now());
    self->subscribe_id = mqtt_subscribe(self->mqtt, self->filters, 1);
}

/* A refused filter costs what would come through it, not the link: answers reach the asker on AWS
 * even unsubscribed, and the others go on. */
static void
session_check_suback(Session *self)
{
    guint64 suppressed = 0;
    guint refused = 0;
    gboolean say = FALSE;

    for (guint i = 0; i < TOPICS_FILTER_COUNT; i++)
        refused += i >= self->suback_count || self->suback_codes[i] >= MQTT_SUBSCRIBE_REFUSED;
    if (refused == 0) {
        backoff_reset(&self->resubscribe);
        log_throttle_reset(&self->refused);
        self->resubscribe_ms = ATTEMPTS_NEVER;
        return;
    }
    say = log_throttle(&self->refused, &suppressed);
    for (guint i = 0; say && i < TOPICS_FILTER_COUNT; i++)
        if (i >= self->suback_count || self->suback_codes[i] >= MQTT_SUBSCRIBE_REFUSED)
            g_warning("the broker refused the subscription to %s for client %s; allow "
                      "iot:Subscribe on topicfilter/%s and iot:Receive on topic/%s in the "
                      "certificate's policy; trying again later",
                      self->filters[i], self->options.client_id, self->filters[i],
                      self->filters[i]);
    self->resubscribe_ms = session_now() + backoff_next(&self->resubscribe) / (gint64)clock_scale();
}

/* Whoever read that the link was lost shall read that it is back. */
static void
session_say_ready(Session *self)
{
    GLogLevelFlags level =
        self->outage.count == 0 || self->outage_said ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_INFO;

    g_log(G_LOG_DOMAIN, level, "connected to %s:%u as %s", self->options.host, self->options.port,
          self->options.client_id);
    self->outage_said = FALSE;
}

static void
session_link_subscribed(Session *self)
{
    clock_timer_clear(&self->link_timer);
    session_check_suback(self);
    session_say_ready(self);
    outbox_link_up(self->outbox, session_now());
    requests_link_up(self->requests, session_now());
    session_set_state(self, SESSION_READY);
    session_streams_up(self);
    session_queue_ready(self);
    session_send(self);
}

static void
session_link_resubscribed(Session *self)
{
    session_check_suback(self);
    session_send(self);
}

static void
session_say_sign(Session *self, LinkHealthSign sign)
{
    const char *thing = self->options.thing_name;
    const char *client = self->options.client_id;

    if (sign == LINK_HEALTH_POLICY)
        g_warning("the broker ends the connection right after SUBSCRIBE, %d times in a row: it "
                  "probably refuses a topic. Check the policy of the certificate: iot:Connect on "
                  "client/%s, iot:Subscribe on topicfilter/$aws/things/%s/jobs/*, iot:Publish and "
                  "iot:Receive on topic/$aws/things/%s/jobs/*; or another client connects with "
                  "the client id %s",
                  LINK_HEALTH_TIMES, client, thing, thing, client);
    if (sign == LINK_HEALTH_TAKEOVER)
        g_warning("the connection worked and was ended within seconds, %d times in a row: another "
                  "client probably connects with the client id %s. If that is not a second "
                  "gateway by mistake, its certificate and key may be stolen",
                  LINK_HEALTH_TIMES, client);
}

/* Rarer and rarer while the reason stays. A new one is told when it comes (the network is back, now
 * it is the clock), but reasons that take turns are not told for ever. */
static gboolean
session_down_is_news(Session *self, guint64 *suppressed)
{
    gboolean due = log_throttle(&self->outage, suppressed);

    if (g_strcmp0(self->outage_why, self->down_why) == 0)
        return due;
    g_free(self->outage_why);
    self->outage_why = g_strdup(self->down_why);
    return ++self->outage_reasons <= SESSION_REASONS_TOLD || due;
}

static void
session_say_down(Session *self)
{
    guint64 suppressed = 0;

    if (!session_down_is_news(self, &suppressed)) {
        g_debug("no connection to %s:%u: %s", self->options.host, self->options.port,
                self->down_why);
        return;
    }
    self->outage_said = TRUE;
    if (suppressed > 0)
        g_message("no connection to %s:%u: %s; still trying (%" G_GUINT64_FORMAT
                  " like this were not logged)",
                  self->options.host, self->options.port, self->down_why, suppressed);
    else
        g_message("no connection to %s:%u: %s; trying again", self->options.host,
                  self->options.port, self->down_why);
}

/* Both times are real ones; the timer shortens them in tests. */
static gint64
session_reconnect_delay(Session *self, gboolean lasted)
{
    gint64 since_ms = (session_now() - self->connect_ms) * (gint64)clock_scale();
    /* Not inside MAX(), which would draw twice. */
    gint64 delay_ms = lasted ? backoff_next_spread(&self->reconnect, SESSION_SPREAD_MS)
                             : backoff_next(&self->reconnect);

    return MAX(delay_ms, SESSION_CONNECT_APART_MS - since_ms);
}

static void
session_link_lost(Session *self)
{
    gint64 now_ms = session_now();
    gboolean lasted = link_health_is_stable(&self->health, now_ms, clock_scale());
    LinkHealthSign sign = LINK_HEALTH_FINE;

    clock_timer_clear(&self->link_timer);
    if (lasted) {
        backoff_reset(&self->reconnect);
        log_throttle_reset(&self->outage);
        g_clear_pointer(&self->outage_why, g_free);
        self->outage_reasons = 0;
    }
    sign = link_health_lost(&self->health, now_ms, clock_scale());
    session_say_down(self);
    session_say_sign(self, sign);
    outbox_link_lost(self->outbox, now_ms);
    session_streams_down(self);
    self->resubscribe_ms = ATTEMPTS_NEVER;
    session_link_connect_in(self, session_reconnect_delay(self, lasted));
    session_set_state(self, SESSION_OFFLINE);
}

static void
session_link_stop(Session *self)
{
    clock_timer_clear(&self->link_timer);
    self->stopped = TRUE;
    mqtt_disconnect(self->mqtt);
    session_set_state(self, SESSION_OFFLINE);
}

typedef void (*SessionAction)(Session *self);

/* What is not listed does not matter in that state. */
static const SessionAction session_actions[SESSION_N_STATES][SESSION_N_EVENTS] = {
    [SESSION_OFFLINE] =
        {
            [SESSION_EVENT_CONNECT] = session_link_connect,
            [SESSION_EVENT_STOP] = session_link_stop,
        },
    [SESSION_CONNECTING] =
        {
            [SESSION_EVENT_UP] = session_link_up,
            [SESSION_EVENT_DOWN] = session_link_lost,
            [SESSION_EVENT_STOP] = session_link_stop,
        },
    [SESSION_SUBSCRIBING] =
        {
            [SESSION_EVENT_SUBSCRIBED] = session_link_subscribed,
            [SESSION_EVENT_DOWN] = session_link_lost,
            [SESSION_EVENT_STOP] = session_link_stop,
        },
    [SESSION_READY] =
        {
            [SESSION_EVENT_SUBSCRIBED] = session_link_resubscribed,
            [SESSION_EVENT_DOWN] = session_link_lost,
            [SESSION_EVENT_STOP] = session_link_stop,
        },
};

void
session_link_event(Session *self, SessionEvent event)
{
    SessionAction action = session_actions[self->state][event];

    if (action != NULL && !self->stopped)
        action(self);
}

static void
session_mqtt_up(gpointer user_data)
{
    session_link_event(user_data, SESSION_EVENT_UP);
}

static void
session_mqtt_subscribed(int id, const int *codes, guint count, gpointer user_data)
{
    Session *self = user_data;

    /* Also the answer to a subscription of a stream that is not waited for any more comes here. */
    if (session_streams_subscribed(self, id, codes, count) || id != self->subscribe_id)
        return;
    self->suback_codes = codes;
    self->suback_count = count;
    session_link_event(self, SESSION_EVENT_SUBSCRIBED);
}

static void
session_mqtt_message(const char *topic, const char *payload, gsize length, gpointer user_data)
{
    session_on_message(user_data, topic, payload, length);
}

static void
session_mqtt_down(const char *why, gpointer user_data)
{
    Session *self = user_data;

    self->down_why = why;
    session_link_event(self, SESSION_EVENT_DOWN);
}

const MqttCallbacks session_mqtt_callbacks = {
    .up = session_mqtt_up,
    .subscribed = session_mqtt_subscribed,
    .message = session_mqtt_message,
    .down = session_mqtt_down,
};
