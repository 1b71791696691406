#include "rauc.h"

#include <string.h>

#define ANSWER_MS 30000 /* for a property: the service answers these while it installs */
#define START_MS  60000 /* for InstallBundle, which only starts */
#define POLL_MS   5000  /* whether an installation still goes on */
#define RETURN_MS 6000  /* for a service that vanished, with ASK_MS twice less than ten seconds */
#define ASK_MS    1500
#define IDLE_MS   1000 /* between looks whether it is idle */

/* What RAUC 1.8 and later say, in small letters. The first that is found counts. */
static const struct {
    const char *part, *word;
} words[] = {
    {"compatible mismatch", "not-allowed"},      {"no space left on device", "no-space"},
    {"signature verification", "bad-signature"}, {"verify error", "bad-signature"},
    {"signature size", "bad-signature"},         {"signature data", "bad-signature"},
    {"parse signature", "bad-signature"},
};

const char *
rauc_word(const char *text)
{
    g_autofree char *small = g_ascii_strdown(text, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(small, words[i].part) != NULL)
            return words[i].word;
    }
    return "install-failed";
}

int
rauc_shown(const char *image)
{
    return (int)MIN(strstr(image, "://") != NULL ? strcspn(image, "?#") : strlen(image), 512);
}

int32_t
rauc_is_idle(Rauc *self, bool *idle)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *operation = rauc_property(self, "Operation", ANSWER_MS, &error);

    if (operation == NULL)
        return rauc_failed(self, "internal", "RAUC does not say what it does", error);
    *idle = strcmp(operation, "idle") == 0;
    return ERRAND_SUCCEEDED;
}

int32_t
rauc_wait_idle(Rauc *self, const char *what)
{
    int64_t limit = 0;
    int64_t end;
    int32_t result = rauc_busy_limit(self->job, &limit);
    bool idle = false;

    end = rauc_now_ms() + limit;
    while (result == ERRAND_SUCCEEDED && !idle) {
        result = rauc_is_idle(self, &idle);
        if (result != ERRAND_SUCCEEDED || idle)
            return result;
        if (g_cancellable_is_cancelled(self->cancellable))
            return ERRAND_CANCELLED;
        if (rauc_now_ms() >= end)
            return errand_fail(self->job, "install-failed",
                               "%s: RAUC was busy for %d s with an installation that this job did "
                               "not start (%d %%, '%s')",
                               what, (int)(limit / 1000), (int)self->percent, self->stage);
        self->completed = false;
        rauc_pause(self, IDLE_MS);
    }
    return result;
}

/* RAUC's last error, "" when there is none; a URL in it without its query. */
static char *
last_error(Rauc *self, const char *image, int32_t limit_ms)
{
    g_autofree char *shown = g_strndup(image, (gsize)rauc_shown(image));
    g_autofree char *text = rauc_property(self, "LastError", limit_ms, NULL);
    GString *cleaned = g_string_new(text);

    if (*image != '\0')
        g_string_replace(cleaned, image, shown, 0);
    return g_string_free(cleaned, FALSE);
}

/* An installation that ended badly, in the service's words. */
static int32_t
tell_end(Rauc *self, const char *image, const char *how)
{
    g_autofree char *text = last_error(self, image, ANSWER_MS);

    if (*text == '\0')
        return errand_fail(self->job, "install-failed",
                           "RAUC %s %.*s and gives no reason; see 'journalctl -u rauc'", how,
                           rauc_shown(image), image);
    return errand_fail(self->job, rauc_word(text), "RAUC %s %.*s: %s", how, rauc_shown(image),
                       image, text);
}

/* One that comes back is asked. It is another process, and RAUC keeps no result over that. */
static int32_t
tell_vanished(Rauc *self, const char *image)
{
    g_autofree char *operation = NULL;
    g_autofree char *text = NULL;
    int length = rauc_shown(image);

    if (!rauc_reopen(self, RETURN_MS))
        return errand_fail(self->job, "install-failed",
                           "RAUC's service vanished from the bus while it installed %.*s and did "
                           "not come back; see 'journalctl -u rauc'",
                           length, image);
    operation = rauc_property(self, "Operation", ASK_MS, NULL);
    text = last_error(self, image, ASK_MS);
    if (*text != '\0')
        return errand_fail(self->job, rauc_word(text),
                           "RAUC's service ended while it installed %.*s; started again it says: "
                           "%s",
                           length, image, text);
    return errand_fail(self->job, "install-failed",
                       "RAUC's service ended while it installed %.*s; started again it is '%s' and "
                       "knows of no result; see 'journalctl -u rauc'",
                       length, image, operation != NULL ? operation : "silent");
}

/* Until the installation that goes on has ended. *ended is false when it did so unseen: it was over
 * before we listened, or RAUC did not say how. */
static int32_t
follow(Rauc *self, const char *image, bool *ended)
{
    bool idle = false;

    *ended = true;
    while (!self->completed && !self->gone && !idle) {
        g_autofree char *operation = NULL;

        rauc_pause(self, POLL_MS);
        if (self->completed || self->gone)
            break;
        /* What a service that hangs does not answer is no end: that is the step's deadline. */
        operation = rauc_property(self, "Operation", ANSWER_MS, NULL);
        idle = operation != NULL && strcmp(operation, "idle") == 0;
    }
    if (self->completed && self->result == 0)
        return ERRAND_SUCCEEDED;
    if (self->completed)
        return tell_end(self, image, "could not install");
    if (self->gone)
        return tell_vanished(self, image);
    *ended = false;
    return ERRAND_SUCCEEDED;
}

/* ERRAND_SUCCEEDED with *started false when somebody else was quicker. */
static int32_t
start(Rauc *self, const char *image, bool *started)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = NULL;
    g_autofree char *what =
        g_strdup_printf("RAUC does not start to install %.*s", rauc_shown(image), image);
    int32_t result;
    bool idle = false;

    self->completed = false;
    reply = rauc_call(self, "InstallBundle", g_variant_new("(sa{sv})", image, NULL), "()", START_MS,
                      &error);
    *started = reply != NULL;
    if (*started)
        return ERRAND_SUCCEEDED;
    result = rauc_is_idle(self, &idle);
    if (result != ERRAND_SUCCEEDED || !idle)
        return result;
    return rauc_failed(self, "install-failed", what, error);
}

static int32_t
install(Rauc *self, const char *image)
{
    int32_t result = ERRAND_SUCCEEDED;
    bool started = false;
    bool ended = false;

    while (result == ERRAND_SUCCEEDED && !started) {
        result = rauc_wait_idle(self, "The image cannot be installed");
        if (result == ERRAND_SUCCEEDED)
            result = start(self, image, &started);
    }
    if (result == ERRAND_SUCCEEDED)
        result = follow(self, image, &ended);
    if (result == ERRAND_SUCCEEDED && !ended)
        result = tell_end(self, image, "ended without a result for");
    return result;
}

/* What an earlier call started and the service still does. *known: its result is the answer. */
static int32_t
follow_earlier(Rauc *self, const char *image, bool *known)
{
    bool idle = false;
    int32_t result = rauc_is_idle(self, &idle);

    *known = false;
    if (result != ERRAND_SUCCEEDED || idle)
        return result;
    errand_log(self->job, ERRAND_LOG_INFO,
               "RAUC is still installing from before the interruption: waiting for its end");
    return follow(self, image, known);
}

int32_t
rauc_install(errand_job *job, const char *image, bool again)
{
    Rauc self;
    int32_t result = rauc_open(&self, job, false);
    bool known = false;

    self.step = "install";
    if (result == ERRAND_SUCCEEDED && again)
        result = follow_earlier(&self, image, &known);
    if (result == ERRAND_SUCCEEDED && !known)
        result = install(&self, image);
    rauc_close(&self);
    return result;
}
