#include "reboot.h"

#include "child.h"
#include "clock.h"
#include "crash-point.h"

#include <sys/wait.h>

struct _Reboot {
    const char *const *command;
    char *boot_id;
    Child *child;
    char *fault;
};

Reboot *
reboot_new(const char *const *command, const char *boot_id_file)
{
    Reboot *self = g_new0(Reboot, 1);
    g_autoptr(GError) error = NULL;

    self->command = command;
    self->boot_id = clock_boot_id(boot_id_file, &error);
    if (!self->boot_id) {
        g_warning("reboots cannot be proved: %s", error->message);
    }
    return self;
}

void
reboot_free(Reboot *self)
{
    if (!self) {
        return;
    }
    child_leave(self->child);
    g_free(self->boot_id);
    g_free(self->fault);
    g_free(self);
}

const char *
reboot_boot_id(const Reboot *self)
{
    return self->boot_id;
}

static void
take_fault(Reboot *self, char *text)
{
    g_free(self->fault);
    self->fault = text;
    g_warning("%s", text);
}

static void
on_ended(Child *child, gpointer user_data)
{
    Reboot *self = user_data;
    int status = child_reap(child);

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        take_fault(self,
                   g_strdup_printf("the reboot command %s ended with status %d", self->command[0],
                                   WIFEXITED(status) ? WEXITSTATUS(status) : status));
    }
    g_clear_pointer(&self->child, child_free);
}

void
reboot_run(Reboot *self)
{
    const int descriptors[] = {-1, 1, 2};
    const ChildSpec spec = {
        .argv = self->command,
        .descriptors = descriptors,
        .n_descriptors = G_N_ELEMENTS(descriptors),
    };
    g_autoptr(GError) error = NULL;

    /* One of an earlier try that hangs must not keep this one from being made. */
    g_clear_pointer(&self->child, child_free);
    g_clear_pointer(&self->fault, g_free);
    g_message("restarting the machine: %s", self->command[0]);
    crash_point("job:reboot-command");
    self->child = child_spawn(&spec, on_ended, self, &error);
    if (!self->child) {
        take_fault(self, g_strdup_printf("the reboot command: %s", error->message));
    }
    crash_point("job:reboot-commanded");
}

const char *
reboot_fault(const Reboot *self)
{
    return self->fault;
}
