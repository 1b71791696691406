/* Drives a session by lines: callbacks are printed, commands are read. For tests and measurements.
 *
 *   room N · claim NAME MINUTES · progress NAME MINUTES urgent|later [KEY=VALUE...]
 *   finish NAME STATUS [KEY=VALUE...] · refresh NAME · hold NAME · release NAME later|never
 *   stream NAME STREAM FORMAT TOPIC PAYLOAD · unstream NAME · stop MS
 *
 * NAME is execution_id_to_name(). With --auto each offer is claimed and finished at once. */
#include "clock.h"
#include "log.h"
#include "session.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Session *session;
static GMainLoop *loop;
static gboolean automatic;
static gint64 start_us;

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void
say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\t@%" G_GINT64_FORMAT "\n", clock_now() - start_us);
    fflush(stdout);
}

static void
on_offered(const JobsExecution *execution, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(execution->id);

    say("offered %s %s %s", name, execution_status_to_word(execution->status),
        execution->document != NULL ? execution->document : "-");
    if (automatic)
        session_claim(session, execution->id, 5, NULL);
}

static void
on_claimed(const ExecutionId *id, SessionClaim answer, const char *document, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(id);

    say("claimed %s %s %s", name, answer == SESSION_CLAIM_ACCEPTED ? "accepted" : "refused",
        document != NULL ? document : "-");
    if (automatic && answer == SESSION_CLAIM_ACCEPTED)
        session_finish(session, id, EXECUTION_SUCCEEDED, NULL);
}

static void
on_reported(const ExecutionId *id, gboolean taken, const char *why, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(id);

    say("reported %s %s %s", name, taken ? "taken" : "refused", why);
    if (automatic)
        session_set_room(session, 1);
}

static void
on_gone(const ExecutionId *id, const char *why, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(id);

    say("gone %s %s", name, why);
}

static void
on_refreshed(const ExecutionId *id, const char *document, int error_number, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(id);

    say("refreshed %s %d %s", name, error_number, document != NULL ? document : "-");
}

static void
on_state(SessionState state, gpointer user_data)
{
    static const char *const words[] = {"offline", "connecting", "subscribing", "ready"};

    say("state %s", words[state]);
}

static void
on_streamed(const ExecutionId *id, const char *stream, StreamFormat format, StreamTopic topic,
            GBytes *payload, int error_number, gpointer user_data)
{
    g_autofree char *name = execution_id_to_name(id);
    gsize length = 0;
    const char *data = payload != NULL ? g_bytes_get_data(payload, &length) : NULL;

    say("streamed %s %s %s %s %d %" G_GSIZE_FORMAT " %.*s", name, stream,
        stream_format_word(format), stream_topic_word(topic), error_number, length,
        (int)MIN(length, 64), data != NULL ? data : "");
}

static gboolean
on_stopped(gpointer user_data)
{
    say("stopped");
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static Details *
read_details(char **words)
{
    Details *details = details_new();

    for (guint i = 0; words[i] != NULL; i++) {
        g_auto(GStrv) pair = g_strsplit(words[i], "=", 2);
        if (g_strv_length(pair) == 2)
            details_set(details, DETAILS_OWN, pair[0], pair[1]);
    }
    return details;
}

static void
ask_stream(const ExecutionId *id, char **words)
{
    StreamFormat format = strcmp(words[3], "cbor") == 0 ? STREAM_CBOR : STREAM_JSON;
    StreamTopic topic = strcmp(words[4], "get") == 0 ? STREAM_GET : STREAM_DESCRIBE;
    g_autoptr(GBytes) payload = g_bytes_new(words[5], strlen(words[5]));

    session_stream_request(session, id, words[2], format, topic, payload);
}

static void
obey_about(const char *verb, const ExecutionId *id, char **words, guint count)
{
    g_autoptr(Details) details = read_details(words);
    ExecutionStatus status = EXECUTION_FAILED;

    if (strcmp(verb, "hold") == 0)
        session_hold(session, id);
    else if (strcmp(verb, "stream") == 0 && count > 5)
        ask_stream(id, words);
    else if (strcmp(verb, "unstream") == 0)
        session_stream_close(session, id);
    else if (strcmp(verb, "refresh") == 0)
        session_refresh(session, id);
    else if (strcmp(verb, "claim") == 0 && count > 2)
        session_claim(session, id, (guint)atoi(words[2]), details);
    else if (strcmp(verb, "progress") == 0 && count > 3)
        session_progress(session, id, (guint)atoi(words[2]), details,
                         strcmp(words[3], "urgent") == 0);
    else if (strcmp(verb, "finish") == 0 && count > 2 &&
             execution_status_from_word(words[2], &status))
        session_finish(session, id, status, details);
    else if (strcmp(verb, "release") == 0 && count > 2)
        session_release(session, id, strcmp(words[2], "later") == 0);
}

static void
obey(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    guint count = g_strv_length(words);

    if (count < 2)
        return;
    if (strcmp(words[0], "room") == 0) {
        session_set_room(session, (guint)atoi(words[1]));
        say("unsettled %u", session_unsettled(session));
        return;
    }
    if (strcmp(words[0], "stop") == 0) {
        session_stop(session, atoi(words[1]), on_stopped, NULL);
        return;
    }
    g_autoptr(ExecutionId) id = execution_id_from_name(words[1]);
    if (id != NULL)
        obey_about(words[0], id, words, count);
}

static gboolean
on_input(int fd, GIOCondition condition, gpointer user_data)
{
    static GString *pending;
    char buffer[4096];
    gssize got = read(fd, buffer, sizeof buffer);

    if (got <= 0) {
        g_main_loop_quit(loop);
        return G_SOURCE_REMOVE;
    }
    if (pending == NULL)
        pending = g_string_new(NULL);
    g_string_append_len(pending, buffer, got);
    for (char *end = strchr(pending->str, '\n'); end != NULL; end = strchr(pending->str, '\n')) {
        g_autofree char *line = g_strndup(pending->str, (gsize)(end - pending->str));
        g_string_erase(pending, 0, end - pending->str + 1);
        obey(line);
    }
    return G_SOURCE_CONTINUE;
}

typedef struct {
    SessionOptions session;
    int port;
    int keep_alive;
    int workflow;
    gboolean plain;
    gboolean verbose;
} ProbeOptions;

static gboolean
read_options(ProbeOptions *self, int argc, char **argv, GError **error)
{
    SessionOptions *session_options = &self->session;
    const GOptionEntry entries[] = {
        {"host", 0, 0, G_OPTION_ARG_STRING, &session_options->host, NULL, NULL},
        {"port", 0, 0, G_OPTION_ARG_INT, &self->port, NULL, NULL},
        {"plain", 0, 0, G_OPTION_ARG_NONE, &self->plain, NULL, NULL},
        {"ca", 0, 0, G_OPTION_ARG_STRING, &session_options->ca_file, NULL, NULL},
        {"cert", 0, 0, G_OPTION_ARG_STRING, &session_options->certificate_file, NULL, NULL},
        {"key", 0, 0, G_OPTION_ARG_STRING, &session_options->private_key_file, NULL, NULL},
        {"client-id", 0, 0, G_OPTION_ARG_STRING, &session_options->client_id, NULL, NULL},
        {"keep-alive", 0, 0, G_OPTION_ARG_INT, &self->keep_alive, NULL, NULL},
        {"proxy", 0, 0, G_OPTION_ARG_STRING, &session_options->proxy, NULL, NULL},
        {"thing", 0, 0, G_OPTION_ARG_STRING, &session_options->thing_name, NULL, NULL},
        {"workflow", 0, 0, G_OPTION_ARG_INT, &self->workflow, NULL, NULL},
        {"progress-ms", 0, 0, G_OPTION_ARG_INT64, &session_options->progress_interval_ms, NULL,
         NULL},
        {"resync-ms", 0, 0, G_OPTION_ARG_INT64, &session_options->resync_interval_ms, NULL, NULL},
        {"timeout-ms", 0, 0, G_OPTION_ARG_INT64, &session_options->request_timeout_ms, NULL, NULL},
        {"auto", 0, 0, G_OPTION_ARG_NONE, &automatic, NULL, NULL},
        {"verbose", 0, 0, G_OPTION_ARG_NONE, &self->verbose, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return FALSE;
    session_options->port = (guint16)self->port;
    session_options->tls = !self->plain;
    session_options->keep_alive_s = (guint)self->keep_alive;
    session_options->workflow = (SessionWorkflow)self->workflow;
    return TRUE;
}

static void
run(void)
{
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, NULL);
    loop = g_main_loop_new(NULL, FALSE);
    if (automatic)
        session_set_room(session, 1);
    session_start(session);
    g_main_loop_run(loop);
    session_free(session);
    g_main_loop_unref(loop);
}

int
main(int argc, char **argv)
{
    static const SessionCallbacks callbacks = {
        .offered = on_offered,
        .claimed = on_claimed,
        .reported = on_reported,
        .gone = on_gone,
        .refreshed = on_refreshed,
        .state_changed = on_state,
        .streamed = on_streamed,
    };
    static ProbeOptions options = {
        .session = {.host = (char *)"127.0.0.1",
                    .thing_name = (char *)"gw-1",
                    .progress_interval_ms = 10000,
                    .resync_interval_ms = 900000,
                    .request_timeout_ms = 10000},
        .keep_alive = 60,
    };
    g_autoptr(GError) error = NULL;

    if (!read_options(&options, argc, argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    log_init(options.verbose);
    start_us = clock_now();
    session = session_new(&options.session, &callbacks, NULL, &error);
    if (session == NULL) {
        say("error %s", error->message);
        return 3;
    }
    run();
    return 0;
}
