#include "descend.h"

#include "boottime.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 20

/* Of the kernel, and its end. */
#define NAME_SIZE 16

typedef struct {
    pid_t pid;
    pid_t parent;
    char name[NAME_SIZE]; /* of the program; changes at exec */
    bool below;           /* a living descendant */
} Process;

typedef struct {
    Process *items;
    size_t count, room;
} Table;

/* "PID (NAME) STATE PARENT ...": the name may hold anything, so the last bracket ends it. False for
 * what is gone or dead. */
static bool
process_read(int proc, const char *pid, Process *process)
{
    char path[64], text[512];
    const char *name, *rest;
    ssize_t length;
    char state;
    int fd, parent;

    snprintf(path, sizeof path, "%.20s/stat", pid);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    name = strchr(text, '(');
    rest = strrchr(text, ')');
    if (name == NULL || rest == NULL || rest < name ||
        sscanf(rest + 1, " %c %d", &state, &parent) != 2 || state == 'Z')
        return false;
    *process = (Process){.pid = (pid_t)strtol(pid, NULL, 10), .parent = parent};
    snprintf(process->name, NAME_SIZE, "%.*s", (int)(rest - name - 1), name + 1);
    return true;
}

static bool
table_add(Table *table, const Process *process)
{
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 512 : table->room * 2;
        Process *items = reallocarray(table->items, room, sizeof *items);

        if (items == NULL)
            return false;
        table->items = items;
        table->room = room;
    }
    table->items[table->count++] = *process;
    return true;
}

static void
table_read(Table *table)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    table->count = 0;
    if (proc == NULL)
        return;
    while ((entry = readdir(proc)) != NULL) {
        Process process;

        if (*entry->d_name < '1' || *entry->d_name > '9')
            continue;
        if (process_read(dirfd(proc), entry->d_name, &process) && !table_add(table, &process))
            break;
    }
    closedir(proc);
}

static bool
is_below(const Table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].pid == pid)
            return table->items[i].below;
    }
    return false;
}

/* Marks the descendants of this process and returns their number. */
static int
table_mark(Table *table)
{
    bool changed = true;
    pid_t self = getpid();
    int found = 0;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < table->count; i++) {
            Process *process = &table->items[i];

            if (process->below || (process->parent != self && !is_below(table, process->parent)))
                continue;
            process->below = changed = true;
            found++;
        }
    }
    return found;
}

static bool
table_has(const Table *table, const Process *process)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].pid == process->pid && strcmp(table->items[i].name, process->name) == 0)
            return true;
    }
    return false;
}

/* Sends `number` to every descendant but those in `told`, after reaping the dead. */
static int
descend_signal(Table *table, int number, Table *told)
{
    int found;

    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    table_read(table);
    found = table_mark(table);
    for (size_t i = 0; i < table->count; i++) {
        const Process *process = &table->items[i];

        if (process->below && !table_has(told, process) && kill(process->pid, number) == 0 &&
            number == SIGTERM)
            table_add(told, process);
    }
    return found;
}

/* A process that was being forked while its parent was told to end is told at the next look; one
 * that has become another program since it was told, again: until then a shell's own handler may
 * have had the signal. */
int
descend_stop(int grace_ms, int kill_ms)
{
    Table table = {0}, told = {0};
    int64_t start = boottime_ms();
    int left = descend_signal(&table, SIGTERM, &told);

    while (left > 0 && boottime_ms() - start < grace_ms) {
        poll(NULL, 0, LOOK_AGAIN_MS);
        left = descend_signal(&table, SIGTERM, &told);
    }
    told.count = 0;
    start = boottime_ms();
    while (left > 0 && boottime_ms() - start < kill_ms) {
        descend_signal(&table, SIGKILL, &told);
        poll(NULL, 0, LOOK_AGAIN_MS);
        left = descend_signal(&table, SIGKILL, &told);
    }
    free(told.items);
    free(table.items);
    return left;
}
