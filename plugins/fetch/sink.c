#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is gathered before the kernel is asked to write it out: so the fsync() at the end of a
 * large file finds little left to do. */
#define WRITE_OUT_STEP (8 * 1024 * 1024)

int
sink_open(Sink *self, int fd, const char *hash)
{
    *self = (Sink){.fd = fd, .hasher = hasher_new(hash)};
    return self->hasher != NULL ? 0 : -ENOMEM;
}

void
sink_close(Sink *self)
{
    if (self->hasher != NULL)
        hasher_free(self->hasher);
    *self = (Sink){.fd = -1};
}

static int
write_all(int fd, const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

int
sink_flush(Sink *self)
{
    int result;

    if (self->gathered == 0)
        return 0;
    result = write_all(self->fd, hasher_buffer(self->hasher), self->gathered);
    if (result != 0)
        return result;
    hasher_submit(self->hasher, self->gathered);
    self->gathered = 0;
    if (self->offset - self->started >= WRITE_OUT_STEP) {
        sync_file_range(self->fd, self->started, self->offset - self->started,
                        SYNC_FILE_RANGE_WRITE);
        self->started = self->offset;
    }
    return 0;
}

int
sink_append(Sink *self, const void *data, size_t length)
{
    const unsigned char *bytes = data;

    while (length > 0) {
        size_t room = HASHER_BUFFER_SIZE - self->gathered;
        size_t part = length < room ? length : room;
        int result;

        memcpy(hasher_buffer(self->hasher) + self->gathered, bytes, part);
        self->gathered += part;
        self->offset += (int64_t)part;
        bytes += part;
        length -= part;
        result = self->gathered == HASHER_BUFFER_SIZE ? sink_flush(self) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

int
sink_resume_some(Sink *self)
{
    ssize_t length = pread(self->fd, hasher_buffer(self->hasher), HASHER_BUFFER_SIZE, self->offset);

    if (length < 0)
        return errno == EINTR ? 1 : -errno;
    hasher_submit(self->hasher, (size_t)length);
    self->offset += length;
    self->started = self->offset;
    if (length > 0)
        return 1;
    return lseek(self->fd, self->offset, SEEK_SET) < 0 ? -errno : 0;
}

int
sink_restart(Sink *self)
{
    self->gathered = 0;
    self->offset = self->started = 0;
    hasher_restart(self->hasher);
    if (ftruncate(self->fd, 0) != 0 || lseek(self->fd, 0, SEEK_SET) < 0)
        return -errno;
    return 0;
}
