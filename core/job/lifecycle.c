#include "lifecycle.h"

/* clang-format off: a table is read by its columns */
#define ROW(state) [LIFE_##state]
#define ON(event)  [LIFE_EVENT_##event]
#define DO(to, act)                                                                                \
    {                                                                                              \
        LIFE_##to, LIFE_##act                                                                      \
    }

static const LifeStep table[LIFE_STATES][LIFE_EVENTS] = {
    ROW(WAITING) = {ON(TURN) = DO(CHECKING, CHECK), ON(DECIDED) = DO(REPORTING, REPORT),
                    ON(UNCLEAN) = DO(CLEANING, CLEAN), ON(AWAY) = DO(GONE, DROP)},
    ROW(CHECKING) = {ON(CHECKED) = DO(CLAIMING, CLAIM), ON(RESUMED) = DO(RUNNING, GO),
                     ON(UNSTORED) = DO(GONE, GIVE_BACK), ON(DECIDED) = DO(REPORTING, REPORT),
                     ON(UNCLEAN) = DO(CLEANING, CLEAN), ON(AWAY) = DO(CANCELLING, STOP)},
    ROW(CLAIMING) = {ON(ACCEPTED) = DO(RUNNING, GO), ON(REFUSED) = DO(CANCELLING, STOP),
                     ON(DECIDED) = DO(REPORTING, REPORT), ON(AWAY) = DO(CANCELLING, STOP)},
    ROW(RUNNING) = {ON(DECIDED) = DO(REPORTING, REPORT), ON(REBOOT) = DO(REBOOTING, AWAIT_REBOOT),
                    ON(UNCLEAN) = DO(CLEANING, CLEAN), ON(AWAY) = DO(CANCELLING, STOP)},
    ROW(CANCELLING) = {ON(STOPPED) = DO(GONE, DROP), ON(UNCLEAN) = DO(CLEANING, CLEAN)},
    ROW(REBOOTING) = {ON(REBOOTED) = DO(CHECKING, CHECK), ON(DECIDED) = DO(REPORTING, REPORT),
                      ON(UNCLEAN) = DO(CLEANING, CLEAN), ON(AWAY) = DO(GONE, DROP)},
    ROW(CLEANING) = {ON(DECIDED) = DO(REPORTING, REPORT), ON(STOPPED) = DO(GONE, DROP)},
    ROW(REPORTING) = {ON(SETTLED) = DO(GONE, DROP), ON(AWAY) = DO(GONE, DROP)},
};
/* clang-format on */

LifeStep
lifecycle_next(LifeState state, LifeEvent event)
{
    LifeStep stay = {state, LIFE_NOTHING};

    if (state >= LIFE_STATES || event >= LIFE_EVENTS ||
        table[state][event].action == LIFE_NOTHING) {
        return stay;
    }
    return table[state][event];
}

const char *
lifecycle_word(LifeState state)
{
    static const char *const words[LIFE_STATES] = {
        "waiting",   "checking", "claiming",  "running", "cancelling",
        "rebooting", "cleaning", "reporting", "gone",
    };

    return state < LIFE_STATES ? words[state] : "unknown";
}

gboolean
lifecycle_occupies(LifeState state)
{
    return state < LIFE_REPORTING;
}
