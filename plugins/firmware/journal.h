/* What an update remembers over crashes, power cuts and reboots: the state errand keeps for the
 * step. */
#pragma once

#include "backend.h"
#include "boot-id.h"
#include "phases.h"
#include "stream-state.h"

/* At least what fetch keeps: a bit for each block of a stream is the most. */
#define JOURNAL_FETCH_MAX (STREAM_STATE_BITMAP_MAX + 512)

typedef struct {
    Phase phase;
    char boot_id[BOOT_ID_SIZE];  /* of the boot on which the phase was entered */
    char old_slot[BACKEND_TEXT]; /* ran before the update */
    char old_version[BACKEND_TEXT];
    char new_slot[BACKEND_TEXT]; /* ran after it; "" while it was never seen */
    char version[BACKEND_TEXT];  /* that the new system must have; "" when nobody told */
    char reason[64];             /* of the failure that is being undone; "" for none */
    char message[512];
    unsigned char fetch[JOURNAL_FETCH_MAX]; /* fetch's own memory */
    size_t fetch_length;
} Journal;

/* Which boot this is, by the setting `boot-id-file`. False with the reason told. */
bool journal_read_boot(errand_job *job, char boot_id[BOOT_ID_SIZE]);
/* 0 or a negative errno value. On disk when it returns. */
int32_t journal_save(errand_job *job, const Journal *self);
/* False: there is none, or it is damaged. */
bool journal_load(errand_job *job, Journal *self);
