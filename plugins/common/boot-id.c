#include "boot-id.h"

#include "plain-file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool
boot_id_read(const char *file, char id[BOOT_ID_SIZE])
{
    int fd = plain_open(file);
    ssize_t length;

    *id = '\0';
    if (fd < 0)
        return false;
    length = read(fd, id, BOOT_ID_SIZE - 1);
    close(fd);
    id[length > 0 ? length : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
    if (length >= 0 && *id == '\0')
        errno = ENODATA;
    return *id != '\0';
}
