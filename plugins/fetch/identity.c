#include "identity.h"

#include <string.h>

bool
identity_matches(const Identity *before, const Identity *now)
{
    return strcmp(before->etag, now->etag) == 0 && strcmp(before->modified, now->modified) == 0 &&
           before->total == now->total;
}

bool
identity_is_known(const Identity *identity)
{
    return *identity->etag != '\0' || *identity->modified != '\0';
}
