/* Plugins that crash again and again, and are left alone for a while.
 *
 * Each start of such a module costs a process, a core dump and a FAILED job, and a fleet that is
 * sent a broken plugin should say so plainly instead. A plugin whose module crashed
 * QUARANTINE_CRASHES times with no good end between is not started until one of these has happened:
 *  - its module is another file than the one that crashed (inode, size or time of change): whoever
 *    repairs a plugin installs it;
 *  - errandd was restarted: this is kept in memory only, for a record on disk could outlive its
 *    reason, and nobody would look for it there;
 *  - QUARANTINE_COOL_DOWN_MS of boot time have passed since the last crash: what crashed it may
 *    have been outside it. One more crash then renews the time.
 * Five crashes, because a job that crashes its plugin is often tried again by the service (its
 * jobExecutionsRetryConfig), and other jobs of that plugin should not suffer at once.
 *
 * A crash is a death by a signal that errand did not send, or an exit without a result. A good end
 * is any result the runner has told, also FAILED. Being stopped, overdue or of bad protocol is
 * neither, and a crash of errandd itself is nobody's.
 *
 * Pure: times are clock_now(). Errors: QUARANTINE_ERROR. */
#pragma once

#include "verdict.h"

#include <sys/stat.h>

#define QUARANTINE_CRASHES      5
#define QUARANTINE_COOL_DOWN_MS (60 * 60 * 1000)

#define QUARANTINE_ERROR (quarantine_error_quark())
GQuark quarantine_error_quark(void);
typedef enum { QUARANTINE_ERROR_HELD } QuarantineError;

typedef struct _Quarantine Quarantine;

/* cool_down_ms: QUARANTINE_COOL_DOWN_MS, but for tests. */
Quarantine *quarantine_new(gint64 cool_down_ms);
void quarantine_free(Quarantine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quarantine, quarantine_free)

/* The plugin is about to be started from this module (of fstat()). FALSE: it must not; the error
 * says how to lift that. */
gboolean quarantine_admit(Quarantine *self, const char *plugin, const struct stat *module,
                          gint64 now_us, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What became of that start. TRUE when the plugin is quarantined by it. */
gboolean quarantine_ended(Quarantine *self, const char *plugin, const Verdict *verdict,
                          gint64 now_us);
