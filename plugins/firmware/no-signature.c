/* Stands in while nothing can check signatures: a document that has one is refused. */
#include "signature.h"

int32_t
signature_read(errand_job *job, const char *plugin, const char *pointer, const char *signer,
               Signature **signature)
{
    *signature = NULL;
    if (errand_get_type(job, pointer) == ERRAND_TYPE_NONE &&
        errand_get_type(job, signer) == ERRAND_TYPE_NONE)
        return ERRAND_SUCCEEDED;
    return errand_reject(job, "invalid-document", "signatures are not supported by this version");
}

void
signature_free(Signature *self)
{
}
