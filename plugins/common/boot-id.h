/* What tells one boot of the machine from the next. */
#pragma once

#include <stdbool.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
/* The kernel's is a UUID of 36 characters; a file of the owner's may say more. */
#define BOOT_ID_SIZE 64

/* The first line of `file`. "" and false, with errno set, when it cannot be read or is empty. */
bool boot_id_read(const char *file, char id[BOOT_ID_SIZE]);
