/* Linked to every target that libFuzzer runs; replay.c has a main of its own. */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_set_up_log();
    return 0;
}
