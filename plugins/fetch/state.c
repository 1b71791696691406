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
    int64_t received; /* bytes, by all runs so far */
    int64_t had;      /* bytes of the part file then */
    int64_t spent_ms;
} Saved;

#define SAVED_VERSION 2
#define NUMBER_MAX    ((int64_t)1 << 60)

/* Sums of such numbers do not overflow. */
static bool
is_sane(int64_t number)
{
    return number >= 0 && number <= NUMBER_MAX;
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
state_save(const Transfer *transfer, const Identity *identity)
{
    const Fetch *fetch = transfer->fetch;
    Saved saved;

    memset(&saved, 0, sizeof saved);
    saved.version = SAVED_VERSION;
    read_boot_id(saved.boot_id, sizeof saved.boot_id);
    saved.identity = *identity;
    saved.received = transfer_received(transfer);
    saved.had = transfer->sink.offset;
    saved.spent_ms = transfer_spent_ms(transfer);
    if (fetch->save != NULL)
        return fetch->save(fetch->data, &saved, sizeof saved);
    return errand_save_state(transfer->job, &saved, sizeof saved);
}

bool
state_load(Transfer *transfer, Identity *identity, bool *same_boot)
{
    const Fetch *fetch = transfer->fetch;
    size_t length = 0;
    const void *data = fetch->load != NULL ? fetch->load(fetch->data, &length)
                                           : errand_load_state(transfer->job, &length);
    char boot_id[64] = "";
    Saved saved;

    if (data == NULL || length != sizeof saved)
        return false;
    memcpy(&saved, data, sizeof saved);
    if (saved.version != SAVED_VERSION || !is_sane(saved.received) || !is_sane(saved.had) ||
        !is_sane(saved.spent_ms))
        return false;
    saved.boot_id[sizeof saved.boot_id - 1] = '\0';
    saved.identity.etag[IDENTITY_TEXT_SIZE - 1] = '\0';
    saved.identity.modified[IDENTITY_TEXT_SIZE - 1] = '\0';
    read_boot_id(boot_id, sizeof boot_id);
    *identity = saved.identity;
    transfer->received_before = saved.received;
    transfer->had_before = saved.had;
    transfer->spent_before_ms = saved.spent_ms;
    *same_boot = *boot_id != '\0' && strcmp(boot_id, saved.boot_id) == 0;
    return true;
}
