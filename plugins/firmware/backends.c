#include "backends.h"

#include <string.h>

static const Backend *const backends[] = {&backend_rauc, &backend_swupdate, &backend_command};

const Backend *
backends_choose(errand_job *job, const char *named)
{
    const char *configured = errand_setting(job, "backend");

    if (configured == NULL || *configured == '\0')
        configured = "rauc";
    if (named != NULL && strcmp(named, configured) != 0) {
        errand_reject(job, "not-allowed",
                      "the document wants backend \"%s\"; this gateway has \"%s\" (errand.conf: "
                      "[plugin firmware] backend)",
                      named, configured);
        return NULL;
    }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(backends[i]->name, configured) == 0)
            return backends[i];
    }
    errand_reject(job, "internal",
                  "errand.conf: [plugin firmware] backend: not \"rauc\", \"swupdate\" or "
                  "\"command\"");
    return NULL;
}
