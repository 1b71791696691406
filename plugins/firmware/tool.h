/* A program of the gateway's owner, run as errand's own account: no shell, the environment of
 * plugins/common/child.h, working directory "/", a time limit. */
#pragma once

#include "child.h"

/* Default of the setting `command-timeout`, in milliseconds. */
#define TOOL_LIMIT_MS (60 * 1000)

typedef struct {
    Words *argv;      /* a program without "/" is looked for on the fixed PATH */
    int64_t limit_ms; /* 0: none */
    bool cancellable; /* a cancel stops it; what asks or changes slots runs to its end */
    void (*line)(void *data, const char *line); /* as in ChildSpec */
    void *data;
} Tool;

/* Adds the items of a list setting. */
void tool_words(errand_job *job, const char *setting, Words *argv);
/* As child_try(): nothing is told to errand but heartbeats. FAILED, too, when memory ran out for
 * argv. */
int32_t tool_run(errand_job *job, const Tool *tool, ChildEnd *end);
