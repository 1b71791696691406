/* The library that missing-library was linked to; it is not installed beside it. */
#include <stdint.h>

int32_t vanished_library_answer(void);

int32_t
vanished_library_answer(void)
{
    return 1;
}
