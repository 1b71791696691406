/* Backend rauc: images are RAUC bundles, slots and boot loader are RAUC's, and so is the word on
 * what runs. */
#include "rauc.h"
#include "backend.h"
#include "setting.h"

#include <string.h>

#define ANSWER_MS 30000
#define MARK_MS   (2 * 60 * 1000) /* a boot loader's tools may be slow, but not for ever */

int32_t
rauc_busy_limit(errand_job *job, int64_t *limit_ms)
{
    *limit_ms = BACKEND_BUSY_MS;
    return setting_duration(job, "firmware", "busy-timeout", limit_ms);
}

int32_t
rauc_failed(Rauc *self, const char *word, const char *what, const GError *error)
{
    if (g_cancellable_is_cancelled(self->cancellable))
        return ERRAND_CANCELLED;
    return errand_fail(self->job, word, "%s: %s", what, error->message);
}

static int32_t
check(errand_job *job)
{
    int64_t limit;

    return rauc_busy_limit(job, &limit);
}

/* ---- the system that runs ---- */

/* One that is as it was when it comes back from the journal: one line. */
static bool
is_name(const char *name)
{
    const char *at = name;

    while (*at != '\0' && !g_ascii_iscntrl(*at))
        at++;
    return at > name && *at == '\0' && at - name < BACKEND_TEXT;
}

/* The slot that runs, from GetSlotStatus' answer. */
static bool
find_booted(GVariant *reply, Booted *slot)
{
    g_autoptr(GVariantIter) slots = NULL;
    GVariant *status;
    const char *name;
    bool found = false;

    g_variant_get(reply, "(a(sa{sv}))", &slots);
    while (!found && g_variant_iter_next(slots, "(&s@a{sv})", &name, &status)) {
        const char *state = "";
        const char *version = "";

        (void)!g_variant_lookup(status, "state", "&s", &state);
        (void)!g_variant_lookup(status, "bundle.version", "&s", &version);
        found = strcmp(state, "booted") == 0 && is_name(name);
        if (found) {
            g_strlcpy(slot->slot, name, sizeof slot->slot);
            g_strlcpy(slot->version, version, sizeof slot->version);
        }
        g_variant_unref(status);
    }
    return found;
}

static int32_t
ask_booted(Rauc *self, Booted *slot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        rauc_call(self, "GetSlotStatus", NULL, "(a(sa{sv}))", ANSWER_MS, &error);

    if (reply == NULL)
        return rauc_failed(self, "not-booted", "RAUC cannot tell which slot runs", error);
    if (!find_booted(reply, slot))
        return errand_fail(self->job, "not-booted",
                           "RAUC cannot tell which slot runs: none of its slots is booted; see "
                           "rauc.slot= or root= on the kernel's command line, and system.conf");
    return ERRAND_SUCCEEDED;
}

static int32_t
booted(errand_job *job, Booted *answer)
{
    Rauc self;
    int32_t result = rauc_open(&self, job, true);

    if (result == ERRAND_SUCCEEDED)
        result = rauc_wait_idle(&self, "The slot that runs cannot be asked for");
    if (result == ERRAND_SUCCEEDED)
        result = ask_booted(&self, answer);
    rauc_close(&self);
    return result;
}

/* ---- an image ---- */

/* RAUC 1.8 answers "rauc info error" whatever it was; how far it came tells more. */
static int32_t
tell_refused(Rauc *self, const char *image, const GError *error)
{
    g_autofree char *what =
        g_strdup_printf("RAUC does not accept %.*s (%s)", rauc_shown(image), image,
                        *self->stage != '\0' ? self->stage : "checking it");

    if (self->gone || error->domain == G_DBUS_ERROR)
        return rauc_failed(self, "internal", "RAUC could not check the image", error);
    return rauc_failed(self, self->verified ? rauc_word(error->message) : "bad-signature", what,
                       error);
}

static int32_t
compare(Rauc *self, const char *image, const Image *info)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *compatible = rauc_property(self, "Compatible", ANSWER_MS, &error);

    if (compatible == NULL)
        return rauc_failed(self, "internal", "RAUC does not say what this machine is", error);
    if (strcmp(compatible, info->compatible) == 0)
        return ERRAND_SUCCEEDED;
    return errand_reject(self->job, "not-allowed",
                         "%.*s is for '%s'; this machine is '%s' (compatible)", rauc_shown(image),
                         image, info->compatible, compatible);
}

static int32_t
ask_info(Rauc *self, const char *image, Image *info)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = NULL;
    const char *compatible = NULL;
    const char *version = NULL;

    self->verified = false;
    self->stage[0] = '\0';
    reply = rauc_call(self, "Info", g_variant_new("(s)", image), "(ss)", -1, &error);
    if (reply == NULL)
        return tell_refused(self, image, error);
    g_variant_get(reply, "(&s&s)", &compatible, &version);
    if (strlen(compatible) >= sizeof info->compatible || strlen(version) >= sizeof info->version)
        return errand_fail(self->job, "install-failed",
                           "%.*s: compatible or version is longer than %d bytes", rauc_shown(image),
                           image, BACKEND_TEXT - 1);
    g_strlcpy(info->compatible, compatible, sizeof info->compatible);
    g_strlcpy(info->version, version, sizeof info->version);
    return ERRAND_SUCCEEDED;
}

static int32_t
inspect(errand_job *job, const char *image, Image *info)
{
    Rauc self;
    int32_t result = rauc_open(&self, job, true);

    if (result == ERRAND_SUCCEEDED)
        result = rauc_wait_idle(&self, "The image cannot be checked");
    if (result == ERRAND_SUCCEEDED)
        result = ask_info(&self, image, info);
    if (result == ERRAND_SUCCEEDED)
        result = compare(&self, image, info);
    rauc_close(&self);
    return result;
}

/* ---- the boot loader ---- */

static int32_t
mark(Rauc *self, const char *state, const char *slot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = NULL;
    g_autofree char *what = g_strdup_printf("RAUC cannot mark slot '%s' as %s", slot, state);
    const char *name = NULL;
    const char *message = NULL;

    reply = rauc_call(self, "Mark", g_variant_new("(ss)", state, slot), "(ss)", MARK_MS, &error);
    if (reply == NULL)
        return rauc_failed(self, "internal", what, error);
    g_variant_get(reply, "(&s&s)", &name, &message);
    errand_log(self->job, ERRAND_LOG_INFO, message);
    return ERRAND_SUCCEEDED;
}

static int32_t
confirm(errand_job *job)
{
    Rauc self;
    int32_t result = rauc_open(&self, job, false);

    if (result == ERRAND_SUCCEEDED)
        result = rauc_wait_idle(&self, "The slot that runs cannot be marked good");
    if (result == ERRAND_SUCCEEDED)
        result = mark(&self, "good", "booted");
    rauc_close(&self);
    return result;
}

static int32_t
reject_slot(Rauc *self, const char *slot)
{
    Booted running = {0};
    int32_t result = ask_booted(self, &running);

    if (result == ERRAND_SUCCEEDED)
        result = mark(self, "bad", slot);
    if (result == ERRAND_SUCCEEDED)
        result = mark(self, "active", strcmp(slot, running.slot) == 0 ? "other" : "booted");
    return result;
}

static int32_t
reject(errand_job *job, const char *slot)
{
    Rauc self;
    int32_t result = rauc_open(&self, job, false);

    if (result == ERRAND_SUCCEEDED)
        result = rauc_wait_idle(&self, "The slot cannot be marked bad");
    if (result == ERRAND_SUCCEEDED)
        result = reject_slot(&self, slot);
    rauc_close(&self);
    return result;
}

const Backend backend_rauc = {
    .name = "rauc",
    .check = check,
    .booted = booted,
    .inspect = inspect,
    .install = rauc_install,
    .confirm = confirm,
    .reject = reject,
    .takes_url = true,
};
