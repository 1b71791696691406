#include "version.h"

#include <stdio.h>

static int
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a character that is not a digit, the end included. */
static int
rank(char c)
{
    if (c == '~')
        return -1;
    if (c == '\0' || is_digit(c))
        return 0;
    return is_letter(c) ? (unsigned char)c : (unsigned char)c + 256;
}

static int
compare_number(const char **one, const char **two)
{
    int first = 0;

    while (**one == '0')
        ++*one;
    while (**two == '0')
        ++*two;
    for (; is_digit(**one) && is_digit(**two); ++*one, ++*two) {
        if (first == 0)
            first = **one - **two;
    }
    if (is_digit(**one))
        return 1;
    return is_digit(**two) ? -1 : first;
}

static const char *
skip_v(const char *text)
{
    return (*text == 'v' || *text == 'V') && is_digit(text[1]) ? text + 1 : text;
}

int
version_compare(const char *one, const char *two)
{
    int difference = 0;

    one = skip_v(one);
    two = skip_v(two);
    while (difference == 0 && (*one != '\0' || *two != '\0')) {
        while ((*one != '\0' && !is_digit(*one)) || (*two != '\0' && !is_digit(*two))) {
            difference = rank(*one) - rank(*two);
            if (difference != 0)
                return difference;
            one++;
            two++;
        }
        difference = compare_number(&one, &two);
    }
    return difference;
}

/* From 0 up to `limit`; -1 otherwise. *text is left behind a following dot. */
static long
part(const char **text, long limit)
{
    long value = 0;

    for (; is_digit(**text); ++*text) {
        value = value * 10 + (**text - '0');
        if (value > limit)
            return -1;
    }
    if (**text == '.' && is_digit((*text)[1]))
        ++*text;
    return value;
}

int64_t
version_pack(const char *version)
{
    long major, minor, build;

    version = skip_v(version);
    if (!is_digit(*version))
        return -1;
    major = part(&version, 0xff);
    minor = part(&version, 0xff);
    build = part(&version, 0xffff);
    if (major < 0 || minor < 0 || build < 0)
        return -1;
    return (int64_t)major << 24 | minor << 16 | build;
}
