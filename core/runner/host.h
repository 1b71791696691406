/* What a plugin sees of errand: the job handle and the table of host functions behind it.
 *
 * One Host per process, never freed. Every function of the table may be called by any thread, as
 * errand/plugin.h promises. */
#pragma once

#include "client.h"
#include "errand/plugin.h"

typedef struct _Host Host;

/* Takes `start` over. NULL when its document cannot be read. */
Host *host_new(Client *client, Packet *start, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The handle for check() and run(). */
errand_job *host_job(Host *self);
/* From check() to run(): takes `go` over; what is refused in a check works from now on. */
void host_begin_run(Host *self, Packet *go);
/* Copies of the reason given last, or NULLs. The caller frees. */
void host_reason(Host *self, char **word, char **text);
