#include "base64url.h"

#include <string.h>

static int
base64url_value(char letter)
{
    if (g_ascii_isupper(letter))
        return letter - 'A';
    if (g_ascii_islower(letter))
        return letter - 'a' + 26;
    if (g_ascii_isdigit(letter))
        return letter - '0' + 52;
    if (letter == '-')
        return 62;
    return letter == '_' ? 63 : -1;
}

GBytes *
base64url_decode(const char *text)
{
    gsize length = strlen(text);
    g_autoptr(GByteArray) bytes = g_byte_array_sized_new((guint)(length / 4 * 3 + 2));
    guint32 bits = 0;
    guint n_bits = 0;

    for (gsize i = 0; i < length; i++) {
        int value = base64url_value(text[i]);

        if (value < 0)
            return NULL;
        bits = (bits << 6 | (guint32)value) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            guint8 byte;

            n_bits -= 8;
            byte = (guint8)(bits >> n_bits);
            g_byte_array_append(bytes, &byte, 1);
        }
    }
    /* Six left-over bits are a letter too many; any other left over must be zero. */
    if (n_bits == 6 || (bits & ((1u << n_bits) - 1)) != 0)
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}
