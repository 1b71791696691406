/* What a transfer by HTTP keeps over an interruption: of which file it has a beginning, and what it
 * has spent on it. */
#pragma once

#include "identity.h"
#include "transfer.h"

/* 0, or a negative errno value when it could not be saved. */
int32_t state_save(const Transfer *transfer, const Identity *identity);
/* Also sets what the transfer spent before. *same_boot: the machine did not restart in between, so
 * what was written then is there now. False when there is nothing of use. */
bool state_load(Transfer *transfer, Identity *identity, bool *same_boot);
