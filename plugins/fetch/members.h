/* The members of one JSON object (RFC 8259) that came from outside, without a library: none of
 * those at hand can be linked into a plugin without meeting another's names in the same process.
 *
 * Keeps no tree: nested values are checked and skipped. Bounded in depth, and in memory to one
 * Member.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMBERS_NAME_SIZE 64
#define MEMBERS_TEXT_SIZE 4096

typedef enum {
    MEMBER_STRING, /* in text */
    MEMBER_INT,    /* in number */
    MEMBER_OTHER,  /* anything else; also a string or number that is longer */
} MemberType;

typedef struct {
    char name[MEMBERS_NAME_SIZE]; /* "" when it is longer */
    MemberType type;
    char text[MEMBERS_TEXT_SIZE];
    int64_t number;
} Member;

/* Hands each member of the object to `take`, in order; a false from it ends the reading. False,
 * too, when text is no JSON object, has anything after it, or is nested deeper than 16. */
bool members_read(const char *text, size_t length, bool (*take)(void *data, const Member *member),
                  void *data);
