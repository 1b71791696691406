#include "phases.h"

#include <string.h>

/* clang-format off: a table is read by its columns */
#define ON(event, phase) [EVENT_##event] = (PHASE_##phase + 1)

/* Zero: cannot happen. */
static const unsigned char table[PHASE_REBOOT][EVENTS] = {
    [PHASE_FETCH] = {ON(DONE, INSPECT), ON(FAILED, FAILED), ON(CANCELLED, CANCELLED),
                     ON(SAME_BOOT, FETCH), ON(OLD_SLOT, FETCH), ON(NEW_SLOT, FETCH)},
    [PHASE_INSPECT] = {ON(DONE, INSTALL), ON(FAILED, FAILED), ON(CANCELLED, CANCELLED),
                       ON(SAME_BOOT, INSPECT), ON(OLD_SLOT, INSPECT), ON(NEW_SLOT, INSPECT)},
    [PHASE_INSTALL] = {ON(DONE, RESTART), ON(FAILED, FAILED), ON(CANCELLED, CANCELLED),
                       ON(SAME_BOOT, INSTALL), ON(OLD_SLOT, INSTALL), ON(NEW_SLOT, PROVE)},
    [PHASE_RESTART] = {ON(DONE, REBOOT), ON(CANCELLED, TAKE_BACK), ON(SAME_BOOT, RESTART),
                       ON(OLD_SLOT, FALLEN), ON(NEW_SLOT, PROVE)},
    [PHASE_PROVE] = {ON(DONE, HEALTH), ON(BAD, REJECT), ON(SAME_BOOT, PROVE), ON(OLD_SLOT, FALLEN),
                     ON(NEW_SLOT, PROVE)},
    [PHASE_HEALTH] = {ON(DONE, CONFIRM), ON(BAD, REJECT), ON(SAME_BOOT, HEALTH),
                      ON(OLD_SLOT, FALLEN), ON(NEW_SLOT, HEALTH)},
    [PHASE_CONFIRM] = {ON(DONE, SUCCEEDED), ON(FAILED, UNCONFIRMED), ON(SAME_BOOT, CONFIRM),
                       ON(OLD_SLOT, FALLEN), ON(NEW_SLOT, CONFIRM)},
    [PHASE_REJECT] = {ON(DONE, RETURN), ON(FAILED, RETURN), ON(SAME_BOOT, REJECT),
                      ON(OLD_SLOT, FALLEN), ON(NEW_SLOT, REJECT)},
    [PHASE_RETURN] = {ON(DONE, REBOOT), ON(SAME_BOOT, RETURN), ON(OLD_SLOT, FALLEN),
                      ON(NEW_SLOT, STUCK)},
    [PHASE_FALLEN] = {ON(DONE, ROLLED_BACK), ON(FAILED, ROLLED_BACK), ON(SAME_BOOT, FALLEN),
                      ON(OLD_SLOT, FALLEN), ON(NEW_SLOT, STUCK)},
    [PHASE_TAKE_BACK] = {ON(DONE, CANCELLED), ON(FAILED, CANCELLED), ON(SAME_BOOT, TAKE_BACK),
                         ON(OLD_SLOT, TAKE_BACK), ON(NEW_SLOT, REJECT)},
};
/* clang-format on */

static const char *const words[PHASE_REBOOT] = {
    "fetch",   "inspect", "install", "restart", "prove",     "health",
    "confirm", "reject",  "return",  "fallen",  "take-back",
};

Phase
phases_next(Phase phase, Event event)
{
    if (phases_is_end(phase) || event >= EVENTS || table[phase][event] == 0)
        return PHASE_FAILED;
    return (Phase)(table[phase][event] - 1);
}

int
phases_is_end(Phase phase)
{
    return phase >= PHASE_REBOOT;
}

int
phases_needs_slot(Phase phase)
{
    return phase >= PHASE_INSTALL && phase < PHASE_REBOOT;
}

const char *
phases_word(Phase phase)
{
    return phases_is_end(phase) ? "end" : words[phase];
}

Phase
phases_from_word(const char *word)
{
    for (int phase = 0; phase < PHASE_REBOOT; phase++) {
        if (strcmp(words[phase], word) == 0)
            return (Phase)phase;
    }
    return PHASES;
}
