#include "notify.h"

#include "log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or with @ before it a name in the abstract space. 0 when it is neither or too long. */
static socklen_t
notify_address(const char *name, struct sockaddr_un *address)
{
    gsize length = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof address->sun_path)
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* A manager that does not read for so long has the message lost rather than the jobs held up; what
 * matters comes again. */
#define NOTIFY_WAIT_US (100 * 1000)

/* 0 or an errno. */
static int
notify_send_to(const char *name, const char *message)
{
    static const struct timeval wait = {.tv_usec = NOTIFY_WAIT_US};
    struct sockaddr_un address;
    socklen_t size = notify_address(name, &address);
    int failed = 0;

    if (size == 0)
        return EAFNOSUPPORT;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0 ||
        sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
        failed = errno;
    close(fd);
    return failed;
}

void
notify_send(const char *format, ...)
{
    static LogThrottle throttle;
    const char *name = g_getenv("NOTIFY_SOCKET");
    va_list args;

    if (name == NULL || *name == '\0')
        return;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    int failed = notify_send_to(name, message);
    if (failed != 0 && log_throttle(&throttle, NULL))
        g_warning("cannot tell the service manager \"%s\" through NOTIFY_SOCKET=%s: %s", message,
                  name, g_strerror(failed));
}

guint64
notify_watchdog_us(void)
{
    const char *interval = g_getenv("WATCHDOG_USEC");
    const char *pid = g_getenv("WATCHDOG_PID");
    guint64 value = 0;

    /* Set for another process, from which this one has inherited it. */
    if (pid != NULL && (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &value, NULL) ||
                        value != (guint64)getpid()))
        return 0;
    if (interval == NULL)
        return 0;
    if (!g_ascii_string_to_unsigned(interval, 10, 1, G_MAXINT64, &value, NULL)) {
        g_warning("WATCHDOG_USEC=%s is not a number of microseconds: no watchdog", interval);
        return 0;
    }
    return value;
}
