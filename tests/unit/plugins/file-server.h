/* http-server.py as a child, with a directory for its files and for what is downloaded. */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *directory; /* holds everything; removed at the end */
    char *target;    /* directory to download to */
    char *certificate;
    GBytes *content;
    char *sha256;
    char *log;
    guint port, secure_port;
    GSubprocess *process;
} FileServer;

FileServer *file_server_start(gsize size);
void file_server_stop(FileServer *self);

/* The log so far, and the number of its lines that contain `text`. */
char *file_server_log(FileServer *self);
guint file_server_count(FileServer *self, const char *text);

/* Whether target/name has the content served. */
gboolean file_server_is_whole(FileServer *self, const char *name);
/* Entries of the target directory. */
guint file_server_n_files(FileServer *self);
/* Removes them. */
void file_server_clean(FileServer *self);
