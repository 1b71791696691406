#include "members.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  16
#define NUMBER_MAX 19 /* characters; what always fits into an int64_t */

typedef struct {
    const char *at, *end;
    unsigned depth;
} Reader;

/* Where a string is put, as far as it fits. */
typedef struct {
    char *text;
    size_t size, length;
} Room;

static bool read_value(Reader *self, Member *member);

/* 0 at the end; a NUL in the text is no JSON either. */
static char
peek(Reader *self)
{
    while (self->at < self->end && strchr(" \t\r\n", *self->at) != NULL && *self->at != '\0')
        self->at++;
    return self->at < self->end ? *self->at : '\0';
}

static bool
skip(Reader *self, char c)
{
    if (peek(self) != c || c == '\0')
        return false;
    self->at++;
    return true;
}

static void
room_add(Room *self, unsigned c)
{
    if (self->length < self->size)
        self->text[self->length] = (char)c;
    self->length++;
}

/* False when it did not fit or holds a NUL; the text is "" then. */
static bool
room_close(Room *self)
{
    bool good = self->length < self->size && memchr(self->text, '\0', self->length) == NULL;

    self->text[good ? self->length : 0] = '\0';
    return good;
}

/* \uXXXX, UTF-16 taken unit by unit: what is read from here is ASCII, and the rest only has to be
 * told from it. */
static bool
read_unit(Reader *self, Room *room)
{
    unsigned unit = 0;

    if (self->end - self->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        char c = *self->at++;
        const char *found = c != '\0' ? strchr(digits, c) : NULL;

        if (found == NULL)
            return false;
        unit = unit << 4 | (unsigned)(found - digits) % 16;
    }
    if (unit < 0x80) {
        room_add(room, unit);
    } else {
        room_add(room, 0xC0 | unit >> 6);
        room_add(room, 0x80 | (unit & 0x3F));
    }
    return true;
}

static bool
read_escape(Reader *self, Room *room)
{
    static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    char c = self->at < self->end ? *self->at++ : '\0';
    const char *found = c != '\0' ? strchr(names, c) : NULL;

    if (c == 'u')
        return read_unit(self, room);
    if (found != NULL)
        room_add(room, (unsigned char)means[found - names]);
    return found != NULL;
}

static bool
read_string(Reader *self, Room *room)
{
    if (!skip(self, '"'))
        return false;
    while (self->at < self->end) {
        unsigned char c = (unsigned char)*self->at++;

        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !read_escape(self, room)))
            return false;
        if (c != '\\')
            room_add(room, c);
    }
    return false;
}

static size_t
skip_digits(Reader *self)
{
    const char *start = self->at;

    while (self->at < self->end && *self->at >= '0' && *self->at <= '9')
        self->at++;
    return (size_t)(self->at - start);
}

static bool
skip_one_of(Reader *self, const char *set)
{
    bool found = self->at < self->end && *self->at != '\0' && strchr(set, *self->at) != NULL;

    self->at += found;
    return found;
}

/* *number is left alone, and *small false, for one that is no integer or a long one. */
static bool
read_number(Reader *self, int64_t *number, bool *small)
{
    char text[NUMBER_MAX + 1];
    const char *start = self->at;
    size_t digits, length;
    bool whole = true;

    skip_one_of(self, "-");
    digits = skip_digits(self);
    if (digits == 0 || (digits > 1 && *(self->at - digits) == '0'))
        return false;
    length = (size_t)(self->at - start);
    if (skip_one_of(self, ".")) {
        whole = false;
        if (skip_digits(self) == 0)
            return false;
    }
    if (skip_one_of(self, "eE")) {
        whole = false;
        skip_one_of(self, "+-");
        if (skip_digits(self) == 0)
            return false;
    }
    *small = whole && length < NUMBER_MAX;
    if (!*small)
        return true;
    memcpy(text, start, length);
    text[length] = '\0';
    *number = strtoll(text, NULL, 10);
    return true;
}

static bool
read_word(Reader *self)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(self->end - self->at) >= length && memcmp(self->at, words[i], length) == 0) {
            self->at += length;
            return true;
        }
    }
    return false;
}

/* The members of a nested object, or the items of an array, after its bracket. */
static bool
skip_items(Reader *self, char close, bool named)
{
    Room none = {NULL, 0, 0};

    if (++self->depth > DEPTH_MAX)
        return false;
    if (!skip(self, close)) {
        do {
            if (named && (!read_string(self, &none) || !skip(self, ':')))
                return false;
            if (!read_value(self, NULL))
                return false;
        } while (skip(self, ','));
        if (!skip(self, close))
            return false;
    }
    self->depth--;
    return true;
}

/* member: where to put it, or NULL to skip it. */
static bool
read_value(Reader *self, Member *member)
{
    Room room = {NULL, 0, 0};
    int64_t number = 0;
    bool small = false;
    char c = peek(self);

    if (c == '{' || c == '[') {
        self->at++;
        return skip_items(self, c == '{' ? '}' : ']', c == '{');
    }
    if (c == '"') {
        if (member != NULL)
            room = (Room){member->text, sizeof member->text, 0};
        if (!read_string(self, &room))
            return false;
        if (member != NULL && room_close(&room))
            member->type = MEMBER_STRING;
        return true;
    }
    if (c != '-' && (c < '0' || c > '9'))
        return read_word(self);
    if (!read_number(self, &number, &small))
        return false;
    if (member != NULL && small) {
        member->type = MEMBER_INT;
        member->number = number;
    }
    return true;
}

static bool
read_member(Reader *self, Member *member)
{
    Room name = {member->name, sizeof member->name, 0};

    member->type = MEMBER_OTHER;
    member->number = 0;
    *member->text = '\0';
    if (!read_string(self, &name))
        return false;
    room_close(&name);
    return skip(self, ':') && read_value(self, member);
}

bool
members_read(const char *text, size_t length, bool (*take)(void *data, const Member *member),
             void *data)
{
    Reader self = {.at = text, .end = text + length};
    Member member;

    if (!skip(&self, '{'))
        return false;
    if (!skip(&self, '}')) {
        do {
            if (!read_member(&self, &member) || !take(data, &member))
                return false;
        } while (skip(&self, ','));
        if (!skip(&self, '}'))
            return false;
    }
    return peek(&self) == '\0' && self.at == self.end;
}
