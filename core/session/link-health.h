/* Tells a bad network from a refused policy and from a second client with our name.
 *
 * The service says nothing when it refuses a topic or throws a client out: the connection just
 * ends. Only the pattern tells. Pure; times are milliseconds.
 */
#pragma once

#include <glib.h>

/* A link that ends this soon after SUBSCRIBE, this often in a row, was cut for what it asked. */
#define LINK_HEALTH_POLICY_MS   5000
/* A link that worked and ends this soon, this often in a row, is being taken over. */
#define LINK_HEALTH_TAKEOVER_MS 30000
#define LINK_HEALTH_TIMES       3
/* A link that held this long starts everything afresh, the reconnect back-off too. */
#define LINK_HEALTH_STABLE_MS   60000

typedef enum {
    LINK_HEALTH_FINE,
    LINK_HEALTH_POLICY,   /* the third time in a row; said once per streak */
    LINK_HEALTH_TAKEOVER, /* likewise */
} LinkHealthSign;

typedef struct {
    gint64 subscribed_ms; /* 0: not on this link */
    gboolean answered;    /* the service has answered a request on this link */
    guint asked;          /* pulls on this link since the last answer */
    gboolean silence_told;
    guint cut;
    guint taken_over;
} LinkHealth;

void link_health_subscribed(LinkHealth *self, gint64 now_ms);
void link_health_answered(LinkHealth *self);
/* A pull goes out. TRUE at the LINK_HEALTH_TIMES-th that got no answer, once until there is one: a
 * broker that drops what a policy forbids says nothing either. */
gboolean link_health_asked(LinkHealth *self);
/* Call at each loss; scale divides the constants above (clock_scale()). */
LinkHealthSign link_health_lost(LinkHealth *self, gint64 now_ms, guint scale);
/* Whether the present link has held long enough to be trusted. */
gboolean link_health_is_stable(const LinkHealth *self, gint64 now_ms, guint scale);
