#include "identity.h"

#include <string.h>

bool
identity_has_strong_etag(const Identity *identity)
{
    return *identity->etag != '\0' && strncmp(identity->etag, "W/", 2) != 0;
}

/* A strong ETag tells enough where the rest of what is known is not said again. */
bool
identity_matches(const Identity *before, const Identity *now)
{
    bool strong = identity_has_strong_etag(before);

    return strcmp(before->etag, now->etag) == 0 &&
           (strcmp(before->modified, now->modified) == 0 || (strong && *now->modified == '\0')) &&
           (before->total == now->total || (strong && before->total < 0));
}

bool
identity_is_known(const Identity *identity)
{
    return identity_has_strong_etag(identity) || *identity->modified != '\0';
}
