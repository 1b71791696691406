#include "stream-fault.h"

#include <errno.h>
#include <string.h>

const char *
stream_fault_text(int32_t error)
{
    switch (error) {
    case -ENOENT:
        return "there is no such stream, or no such file in it";
    case -EACCES:
        return "not allowed; errand's log tells what the policy lacks";
    case -ENOTSUP:
        return "streams need the cloud (errandctl run has none) and an errand that knows them";
    case -EINVAL:
        return "the service does not take the request; errand's log tells why";
    case -ETIMEDOUT:
        return "no answer";
    case -EAGAIN:
        return "too many requests in a short time";
    case -EIO:
        return "the service failed; errand's log tells why";
    default:
        return strerror(-error);
    }
}
