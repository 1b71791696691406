/* Every state meets every event; what is not listed must be nothing. */
#include "lifecycle.h"

#include <glib.h>
#include <string.h>

typedef struct {
    LifeState state;
    LifeEvent event;
    LifeState next;
    LifeAction action;
} Case;

static const Case cases[] = {
    {LIFE_WAITING, LIFE_EVENT_TURN, LIFE_CHECKING, LIFE_CHECK},
    {LIFE_WAITING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_WAITING, LIFE_EVENT_AWAY, LIFE_GONE, LIFE_DROP},
    {LIFE_CHECKING, LIFE_EVENT_CHECKED, LIFE_CLAIMING, LIFE_CLAIM},
    {LIFE_CHECKING, LIFE_EVENT_RESUMED, LIFE_RUNNING, LIFE_GO},
    {LIFE_CHECKING, LIFE_EVENT_UNSTORED, LIFE_GONE, LIFE_GIVE_BACK},
    {LIFE_CHECKING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_CHECKING, LIFE_EVENT_AWAY, LIFE_CANCELLING, LIFE_STOP},
    {LIFE_CLAIMING, LIFE_EVENT_ACCEPTED, LIFE_RUNNING, LIFE_GO},
    {LIFE_CLAIMING, LIFE_EVENT_REFUSED, LIFE_CANCELLING, LIFE_STOP},
    {LIFE_CLAIMING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_CLAIMING, LIFE_EVENT_AWAY, LIFE_CANCELLING, LIFE_STOP},
    {LIFE_RUNNING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_RUNNING, LIFE_EVENT_REBOOT, LIFE_REBOOTING, LIFE_AWAIT_REBOOT},
    {LIFE_RUNNING, LIFE_EVENT_AWAY, LIFE_CANCELLING, LIFE_STOP},
    {LIFE_CANCELLING, LIFE_EVENT_STOPPED, LIFE_GONE, LIFE_DROP},
    {LIFE_REBOOTING, LIFE_EVENT_REBOOTED, LIFE_CHECKING, LIFE_CHECK},
    {LIFE_REBOOTING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_REBOOTING, LIFE_EVENT_AWAY, LIFE_GONE, LIFE_DROP},
    {LIFE_WAITING, LIFE_EVENT_UNCLEAN, LIFE_CLEANING, LIFE_CLEAN},
    {LIFE_CHECKING, LIFE_EVENT_UNCLEAN, LIFE_CLEANING, LIFE_CLEAN},
    {LIFE_RUNNING, LIFE_EVENT_UNCLEAN, LIFE_CLEANING, LIFE_CLEAN},
    {LIFE_CANCELLING, LIFE_EVENT_UNCLEAN, LIFE_CLEANING, LIFE_CLEAN},
    {LIFE_REBOOTING, LIFE_EVENT_UNCLEAN, LIFE_CLEANING, LIFE_CLEAN},
    {LIFE_CLEANING, LIFE_EVENT_DECIDED, LIFE_REPORTING, LIFE_REPORT},
    {LIFE_CLEANING, LIFE_EVENT_STOPPED, LIFE_GONE, LIFE_DROP},
    {LIFE_REPORTING, LIFE_EVENT_SETTLED, LIFE_GONE, LIFE_DROP},
    {LIFE_REPORTING, LIFE_EVENT_AWAY, LIFE_GONE, LIFE_DROP},
};

static const Case *
find(LifeState state, LifeEvent event)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].state == state && cases[i].event == event) {
            return &cases[i];
        }
    }
    return NULL;
}

static void
test_every_state_meets_every_event(void)
{
    for (guint state = 0; state <= LIFE_STATES; state++) {
        for (guint event = 0; event <= LIFE_EVENTS; event++) {
            LifeStep step = lifecycle_next((LifeState)state, (LifeEvent)event);
            const Case *wanted = find((LifeState)state, (LifeEvent)event);

            g_assert_cmpint(step.next, ==, wanted ? wanted->next : (LifeState)state);
            g_assert_cmpint(step.action, ==, wanted ? wanted->action : LIFE_NOTHING);
        }
    }
}

static void
test_only_a_claimed_job_goes(void)
{
    for (guint state = 0; state < LIFE_STATES; state++) {
        for (guint event = 0; event < LIFE_EVENTS; event++) {
            if (lifecycle_next((LifeState)state, (LifeEvent)event).action == LIFE_GO) {
                g_assert_true(event == LIFE_EVENT_ACCEPTED || event == LIFE_EVENT_RESUMED);
            }
        }
    }
}

static void
test_a_verdict_is_never_replaced(void)
{
    for (guint event = 0; event < LIFE_EVENTS; event++) {
        g_assert_cmpint(lifecycle_next(LIFE_REPORTING, (LifeEvent)event).action, !=, LIFE_REPORT);
        g_assert_cmpint(lifecycle_next(LIFE_GONE, (LifeEvent)event).action, ==, LIFE_NOTHING);
    }
}

static void
test_words_and_room(void)
{
    for (guint state = 0; state < LIFE_STATES; state++) {
        g_assert_cmpstr(lifecycle_word((LifeState)state), !=, "unknown");
        g_assert_cmpint(lifecycle_occupies((LifeState)state), ==, state < LIFE_REPORTING);
    }
    g_assert_cmpstr(lifecycle_word(LIFE_STATES), ==, "unknown");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lifecycle/every-state-meets-every-event", test_every_state_meets_every_event);
    g_test_add_func("/lifecycle/only-a-claimed-job-goes", test_only_a_claimed_job_goes);
    g_test_add_func("/lifecycle/a-verdict-is-never-replaced", test_a_verdict_is_never_replaced);
    g_test_add_func("/lifecycle/words-and-room", test_words_and_room);
    return g_test_run();
}
