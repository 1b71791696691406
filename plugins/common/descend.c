#include "descend.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 20

typedef struct {
    pid_t pid;
    pid_t parent;
    bool below; /* a living descendant */
} Process;

typedef struct {
    Process *items;
    size_t count, room;
} Table;

static long
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "PID (NAME) STATE PARENT ...": the name may hold anything, so the last bracket ends it. */
static pid_t
parent_of(int proc, const char *pid)
{
    char path[64], text[512];
    const char *rest;
    ssize_t length;
    char state;
    int fd, parent;

    snprintf(path, sizeof path, "%.20s/stat", pid);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1, " %c %d", &state, &parent) != 2 || state == 'Z')
        return -1;
    return parent;
}

static bool
table_add(Table *table, pid_t pid, pid_t parent)
{
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 512 : table->room * 2;
        Process *items = reallocarray(table->items, room, sizeof *items);

        if (items == NULL)
            return false;
        table->items = items;
        table->room = room;
    }
    table->items[table->count++] = (Process){pid, parent, false};
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
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;

        if (pid <= 0)
            continue;
        parent = parent_of(dirfd(proc), entry->d_name);
        if (parent > 0 && !table_add(table, pid, parent))
            break;
    }
    closedir(proc);
}

static bool
table_has(const Table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].pid == pid)
            return true;
    }
    return false;
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

/* Sends `number` (0: nothing) to every descendant, after reaping the dead. */
static int
descend_signal(Table *table, int number)
{
    int found;

    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    table_read(table);
    found = table_mark(table);
    for (size_t i = 0; i < table->count && number != 0; i++) {
        if (table->items[i].below)
            kill(table->items[i].pid, number);
    }
    return found;
}

/* SIGTERM to each descendant once, also to one that was just being born at the last look. */
static int
descend_ask(Table *table, Table *asked)
{
    int found = descend_signal(table, 0);

    for (size_t i = 0; i < table->count; i++) {
        const Process *process = &table->items[i];

        if (process->below && !table_has(asked, process->pid) &&
            table_add(asked, process->pid, process->parent))
            kill(process->pid, SIGTERM);
    }
    return found;
}

int
descend_stop(int grace_ms, int kill_ms)
{
    Table table = {0}, asked = {0};
    long start = now_ms();
    int left = descend_ask(&table, &asked);

    while (left > 0 && now_ms() - start < grace_ms) {
        poll(NULL, 0, LOOK_AGAIN_MS);
        left = descend_ask(&table, &asked);
    }
    free(asked.items);
    start = now_ms();
    while (left > 0 && now_ms() - start < kill_ms) {
        descend_signal(&table, SIGKILL);
        poll(NULL, 0, LOOK_AGAIN_MS);
        left = descend_signal(&table, 0);
    }
    free(table.items);
    return left;
}
