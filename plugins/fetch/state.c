#include "state.h"

#include "boot-id.h"

#include <string.h>

/* Written by one run and read by the next on the same machine; the version is for upgrades. */
typedef struct {
    int32_t version;
    char boot_id[BOOT_ID_SIZE];
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

int32_t
state_save(const Transfer *transfer, const Identity *identity)
{
    Saved saved;

    memset(&saved, 0, sizeof saved);
    saved.version = SAVED_VERSION;
    boot_id_read(BOOT_ID_FILE, saved.boot_id);
    saved.identity = *identity;
    saved.received = transfer_received(transfer);
    saved.had = transfer->sink.offset;
    saved.spent_ms = transfer_spent_ms(transfer);
    return transfer_save(transfer, &saved, sizeof saved);
}

bool
state_load(Transfer *transfer, Identity *identity, bool *same_boot)
{
    size_t length = 0;
    const void *data = transfer_load(transfer, &length);
    char boot_id[BOOT_ID_SIZE];
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
    boot_id_read(BOOT_ID_FILE, boot_id);
    *identity = saved.identity;
    transfer->received_before = saved.received;
    transfer->had_before = saved.had;
    transfer->spent_before_ms = saved.spent_ms;
    *same_boot = *boot_id != '\0' && strcmp(boot_id, saved.boot_id) == 0;
    return true;
}
