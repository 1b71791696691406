/* The daemon's side of one step, for tests: starts the real errand-runner as errandd does and
 * collects everything it says. Every wait has a deadline; passing it fails the test. */
#pragma once

#include "packet.h"
#include "verdict.h"

#include <sys/types.h>

#define FAKE_DEADLINE_S 30

typedef struct {
    pid_t pid;
    int pidfd;
    gboolean exited;
    int fd;           /* our end of the socket, -1 after its end */
    int pipes[2];     /* stdout, stderr; -1 after their end */
    GString *text[2]; /* what came through them; counted only past 1 MB */
    gsize bytes[2];
    GPtrArray *packets; /* Packet *, all of them in order */
    guint next;         /* the first one fake_expect() has not looked at */
    char *fault;        /* why a packet was refused, or NULL */
    int status;         /* of waitpid() */
    char *name;
} Fake;

/* "NAME=VALUE" for the runner's otherwise empty environment; NULL (the default) for nothing. */
extern char *fake_environment;
/* Puts a shell between us and the runner, which gets a process group of its own; pid is the
 * shell's. FALSE by default. */
extern gboolean fake_with_parent;

/* Once per process, before anything else. */
void fake_init(const char *runner);
/* A start packet with everything filled in. */
Packet *fake_packet(const char *plugin, const char *document);
/* Starts a runner with directory/PLUGIN.so and sends it start (taken over). */
Fake *fake_start(const char *directory, Packet *start);
void fake_send(Fake *self, Packet *packet);
void fake_say(Fake *self, PacketType type);
void fake_go(Fake *self, StartReason reason, const char *state);
/* The next packet of that type; those before it are passed over. NULL when the runner is gone. */
const Packet *fake_next(Fake *self, PacketType type);
const Packet *fake_expect(Fake *self, PacketType type);
/* How many packets of a type came so far. */
guint fake_count(const Fake *self, PacketType type);
/* Waits until the runner's process has ended, whatever it left. */
void fake_wait_exit(Fake *self);
/* The number of processes adopted from runners that made a session of their own; kills them. */
guint fake_kill_strays(void);
/* Waits for the runner's end and that of its output; with kill_all its process group and what it
 * left in other sessions is killed in between, as the daemon does after a crash or a deadline.
 * Fails when a process of the step is left. */
void fake_wait(Fake *self, gboolean kill_all);
/* What the daemon would make of it. */
void fake_verdict(const Fake *self, gboolean deadline, gboolean cancelled, Verdict *verdict);
void fake_free(Fake *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fake, fake_free)
