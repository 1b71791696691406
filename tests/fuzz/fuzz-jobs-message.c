/* libFuzzer: the first byte chooses the topic, the rest is the payload. */
#include "jobs-message.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size == 0)
        return 0;
    Topic topic = {
        .kind = (TopicKind)((data[0] >> 1) % (TOPIC_NOTIFY_NEXT + 1)),
        .accepted = data[0] & 1,
        .job_id = "jobA",
    };
    g_autoptr(JobsMessage) message = jobs_message_parse(&topic, "gw-1", data + 1, size - 1, NULL);

    (void)message;
    return 0;
}
