/* A FileServer, and hosts for documents that fetch from it. */
#pragma once

#include "fake-host.h"
#include "file-server.h"

#define CONTENT_SIZE (3 * 1024 * 1024 + 17)

extern FileServer *server; /* between download_begin() and download_end() */

/* For main(). */
void download_begin(void);
int download_end(void);

/* A host whose document fetches http://SERVER/<where> to TARGET/<name>, with more keys. Empties the
 * target directory. */
FakeHost *host_for(const char *where, const char *name, const char *more);
