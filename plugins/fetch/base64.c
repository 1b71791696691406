#include "base64.h"

#include <stdint.h>
#include <string.h>

static int
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last `padding` of which are "=". */
static bool
base64_group(const char *text, size_t padding, unsigned char bytes[3])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4 - padding; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return false;
        bits |= (uint32_t)digit << (18 - 6 * i);
    }
    bytes[0] = (unsigned char)(bits >> 16);
    bytes[1] = (unsigned char)(bits >> 8);
    bytes[2] = (unsigned char)bits;
    return (padding < 1 || bytes[2] == 0) && (padding < 2 || bytes[1] == 0);
}

bool
base64_decode(const char *text, unsigned char *bytes, size_t room, size_t *length)
{
    size_t characters = strlen(text), padding = 0;

    *length = 0;
    if (characters == 0 || characters % 4 != 0 || characters / 4 > room / 3 + 1)
        return false;
    while (padding < 2 && text[characters - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < characters; i += 4) {
        size_t missing = i + 4 == characters ? padding : 0;
        unsigned char group[3];

        if (!base64_group(text + i, missing, group) || *length + 3 - missing > room)
            return false;
        memcpy(bytes + *length, group, 3 - missing);
        *length += 3 - missing;
    }
    return true;
}
