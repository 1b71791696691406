/* Restarting the machine: the command, and the proof that it happened.
 *
 * The proof is the kernel's boot id and nothing else; the wall clock moves, and uptime would need a
 * clock that survived. */
#pragma once

#include <glib.h>

typedef struct _Reboot Reboot;

/* boot_id_file is read once: a running system has one boot id. Both are borrowed. */
Reboot *reboot_new(const char *const *command, const char *boot_id_file);
void reboot_free(Reboot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reboot, reboot_free)

/* NULL when it could not be read: then no reboot counts as proved. */
const char *reboot_boot_id(const Reboot *self);
/* Starts the command, without a shell. A failure is logged and remembered; whoever waits for the
 * reboot decides by its own time limit. May be called again. */
void reboot_run(Reboot *self);
/* What went wrong with the command, for the message; NULL when nothing. */
const char *reboot_fault(const Reboot *self);
