/* Phases fetch, inspect and install: the image. */
#include "freertos.h"
#include "setting.h"
#include "update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_NAME "image"

int32_t
update_locate(Update *self)
{
    const char *directory = errand_private_directory(self->job);
    const char *text = directory;

    if (self->order.streaming)
        text = errand_get_string(self->job, self->order.fetch.url_pointer);
    if (text == NULL ||
        snprintf(self->image, sizeof self->image, self->order.streaming ? "%s" : "%s/" IMAGE_NAME,
                 text) >= (int)sizeof self->image)
        return errand_fail(self->job, "internal", "there is no place for the image");
    return ERRAND_SUCCEEDED;
}

void
update_remove_image(Update *self)
{
    if (!self->order.streaming)
        unlink(self->image);
}

static int
save_fetch(void *data, const void *state, size_t length)
{
    Update *self = data;

    if (length > sizeof self->journal.fetch)
        return -E2BIG;
    memcpy(self->journal.fetch, state, length);
    self->journal.fetch_length = length;
    return journal_save(self->job, &self->journal);
}

static const void *
load_fetch(void *data, size_t *length)
{
    Update *self = data;

    *length = self->journal.fetch_length;
    return *length > 0 ? self->journal.fetch : NULL;
}

/* The other half of the way is the installer's. */
static void
tell_progress(void *data, const FetchProgress *progress)
{
    Update *self = data;
    int percent = fetch_percent(progress);

    if (self->order.freertos)
        freertos_received(self->job, progress->have, progress->total);
    errand_progress(self->job, percent < 0 ? percent : percent / 2, progress->step);
}

static Event
event_of(int32_t verdict)
{
    if (verdict == ERRAND_SUCCEEDED)
        return EVENT_DONE;
    return verdict == ERRAND_CANCELLED ? EVENT_CANCELLED : EVENT_FAILED;
}

Event
update_fetch(Update *self)
{
    const char *directory = errand_private_directory(self->job);
    Fetch *fetch = &self->order.fetch;
    int32_t verdict;
    int fd;

    if (self->order.streaming)
        return EVENT_DONE;
    fetch->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fetch->directory < 0) {
        errand_fail(self->job, "internal", "opening %s: %s", directory, strerror(errno));
        return EVENT_FAILED;
    }
    fetch->part = IMAGE_NAME;
    fetch->path = self->image;
    fetch->save = save_fetch;
    fetch->load = load_fetch;
    fetch->progress = tell_progress;
    fetch->data = self;
    verdict = fetch_run(self->job, fetch, &fd);
    if (verdict == ERRAND_SUCCEEDED)
        close(fd);
    if (verdict == ERRAND_SUCCEEDED && fsync(fetch->directory) != 0)
        verdict = errand_fail(self->job, "internal", "writing %s to disk: %s", directory,
                              strerror(errno));
    close(fetch->directory);
    self->journal.fetch_length = 0;
    return event_of(verdict);
}

/* Nothing was fetched yet when the installer is the one to fetch. */
static Event
refuse(Update *self, const char *word, const char *text)
{
    self->refused = self->order.streaming;
    errand_fail(self->job, word, "%s", text);
    return EVENT_FAILED;
}

static Event
check_compatible(Update *self, const Image *info)
{
    const char *wanted = setting_text(self->job, "compatible");
    char text[BACKEND_TEXT * 2 + 128];

    if (wanted == NULL || strcmp(info->compatible, wanted) == 0)
        return EVENT_DONE;
    if (*info->compatible == '\0')
        snprintf(text, sizeof text,
                 "the image does not tell what it is for; errand.conf: [plugin firmware] "
                 "compatible wants \"%.200s\"",
                 wanted);
    else
        snprintf(text, sizeof text, "the image is for \"%s\", this gateway is \"%.200s\"",
                 info->compatible, wanted);
    return refuse(self, "install-failed", text);
}

/* A floor that nothing can be held against must not let everything pass. */
static Event
check_version(Update *self, const Image *info)
{
    const char *ordered = self->order.version, *floor;
    char text[BACKEND_TEXT * 2 + 128];

    if (ordered != NULL && *info->version != '\0' && strcmp(ordered, info->version) != 0) {
        snprintf(text, sizeof text, "the image has version %s, the document says %s", info->version,
                 ordered);
        return refuse(self, "install-failed", text);
    }
    snprintf(self->journal.version, sizeof self->journal.version, "%s",
             *info->version != '\0' ? info->version
             : ordered != NULL      ? ordered
                                    : "");
    floor = setting_text(self->job, "minimum-version");
    if (*self->journal.version == '\0' && floor != NULL)
        return refuse(self, "not-allowed",
                      "neither the image nor the document tells a version, and errand.conf: "
                      "[plugin firmware] minimum-version wants one");
    if (*info->version == '\0' ||
        order_check_floor(self->job, info->version, "the image's version") == ERRAND_SUCCEEDED)
        return EVENT_DONE;
    self->refused = self->order.streaming;
    return EVENT_FAILED;
}

Event
update_inspect(Update *self)
{
    Image info = {0};
    Event event;

    errand_progress(self->job, -1, "inspect");
    if (errand_cancelled(self->job))
        return EVENT_CANCELLED;
    event = event_of(self->order.backend->inspect(self->job, self->image, &info));
    if (event == EVENT_DONE)
        event = check_compatible(self, &info);
    if (event == EVENT_DONE)
        event = check_version(self, &info);
    return event;
}

/* The URL may have run out since the installer was first given it. Without a fresh one the old one
 * has to do. */
static Event
locate_again(Update *self)
{
    if (!self->order.streaming || !self->again)
        return EVENT_DONE;
    errand_refresh_document(self->job);
    return event_of(update_locate(self));
}

Event
update_install(Update *self)
{
    Event event = locate_again(self);

    if (event != EVENT_DONE)
        return event;
    event = EVENT_CANCELLED;
    errand_progress(self->job, -1, "install");
    errand_critical(self->job, 1);
    if (!errand_cancelled(self->job))
        event = event_of(self->order.backend->install(self->job, self->image, self->again));
    else if (self->again) /* the earlier one may have come to its end, unseen */
        update_reject(self, BACKEND_OTHER);
    errand_critical(self->job, 0);
    return event;
}
