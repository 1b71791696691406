/* The installers there are, by name. */
#pragma once

#include "backend.h"

/* The one that the document names ("backend", which must be the configured one) or the setting
 * `backend` says; rauc when neither does. NULL with the step refused. `named` may be NULL. */
const Backend *backends_choose(errand_job *job, const char *named);
