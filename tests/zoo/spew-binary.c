/* Prints every byte there is, escape sequences and half characters. */
#include "zoo.h"

static int32_t
run(errand_job *job)
{
    static const char escape[] = "\033[31mred\033[0m\033]0;title\007 \xe2\x82";

    for (int round = 0; round < 64; round++) {
        for (int byte = 0; byte < 256; byte++)
            putchar(byte);
    }
    fwrite(escape, 1, sizeof escape, stdout);
    return ERRAND_SUCCEEDED;
}

ZOO("spew-binary", run);
