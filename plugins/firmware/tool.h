/* A program of the gateway's owner, run as errand's own account: no shell, the environment of
 * plugins/common/child.h, working directory "/", a time limit. */
#pragma once

#include "child.h"

typedef struct {
    Words *argv;      /* a program without "/" is looked for on the fixed PATH */
    int64_t limit_ms; /* 0: none */
    bool cancellable; /* a cancel stops it; what asks or changes slots runs to its end */
    void (*line)(void *data, const char *line); /* as in ChildSpec */
    void *data;
} Tool;

/* Adds the items of a list setting. False: it is unset or has no items. */
bool tool_words(errand_job *job, const char *setting, Words *argv);
/* As child_try(): nothing is told to errand. */
int32_t tool_run(errand_job *job, const Tool *tool, ChildEnd *end);
