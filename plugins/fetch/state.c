#include "state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

/* Written by one run and read by the next on the same machine; the version is for upgrades. */
typedef struct {
    int32_t version;
    char boot_id[64];
    Identity identity;
} Saved;

#define SAVED_VERSION 1

bool
identity_matches(const Identity *before, const Identity *now)
{
    return strcmp(before->etag, now->etag) == 0 && strcmp(before->modified, now->modified) == 0 &&
           before->total == now->total;
}

bool
identity_is_known(const Identity *identity)
{
    return *identity->etag != '\0' || *identity->modified != '\0';
}

/* Left empty where there is none. */
static void
read_boot_id(char *id, size_t size)
{
    int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t length = -1;

    if (fd >= 0) {
        length = read(fd, id, size - 1);
        close(fd);
    }
    id[length > 0 ? length : 0] = '\0';
}

int32_t
state_save(errand_job *job, const Fetch *fetch, const Identity *identity)
{
    Saved saved;

    memset(&saved, 0, sizeof saved);
    saved.version = SAVED_VERSION;
    read_boot_id(saved.boot_id, sizeof saved.boot_id);
    saved.identity = *identity;
    if (fetch->save != NULL)
        return fetch->save(fetch->data, &saved, sizeof saved);
    return errand_save_state(job, &saved, sizeof saved);
}

bool
state_load(errand_job *job, const Fetch *fetch, Identity *identity, bool *same_boot)
{
    size_t length = 0;
    const void *data =
        fetch->load != NULL ? fetch->load(fetch->data, &length) : errand_load_state(job, &length);
    char boot_id[64] = "";
    Saved saved;

    if (data == NULL || length != sizeof saved)
        return false;
    memcpy(&saved, data, sizeof saved);
    saved.boot_id[sizeof saved.boot_id - 1] = '\0';
    saved.identity.etag[STATE_TEXT_SIZE - 1] = '\0';
    saved.identity.modified[STATE_TEXT_SIZE - 1] = '\0';
    read_boot_id(boot_id, sizeof boot_id);
    *identity = saved.identity;
    *same_boot = *boot_id != '\0' && strcmp(boot_id, saved.boot_id) == 0;
    return saved.version == SAVED_VERSION;
}
