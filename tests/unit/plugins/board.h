/* tests/lib/board as a machine under plugin firmware: slot A with version 1.0 runs, images are
 * whatever `offered` says. */
#pragma once

#include "fake-host.h"
#include "file-server.h"

typedef struct {
    FakeHost *host;
    char *directory;
    int boots;
} Board;

/* A document of `operation` that fetches the server's content; more: further members of it, with '
 * in place of ". */
Board *board_new(FileServer *server, const char *operation, const char *more);
void board_free(Board *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Board, board_free)

/* A file of the board's. */
G_GNUC_PRINTF(3, 4) void board_write(Board *self, const char *name, const char *format, ...);
char *board_read(Board *self, const char *name);
gboolean board_has(Board *self, const char *name);
/* A script that runs around an answer: board_hook(board, "before-install", "exit 1"). */
void board_hook(Board *self, const char *name, const char *script);
/* What it was asked to do since the last call, without `booted`: "install image,confirm". */
char *board_asked(Board *self);
void board_assert_asked(Board *self, const char *expected);
void board_assert_next(Board *self, const char *slot);

/* Restarts the machine, into `slot` or, NULL, the one that is next. `start`: what errand says. */
void board_boot(Board *self, const char *slot, int start);
/* errand was killed and is started again. */
void board_crash(Board *self);
