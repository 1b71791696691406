#include "scan.h"

#include "fault.h"
#include "field.h"
#include "text.h"

#include <math.h>
#include <string.h>

/* One open object or array. */
typedef struct {
    GHashTable *names; /* of an object; NULL for an array */
    const char *name;  /* the member being read; belongs to names */
    guint index;       /* the element being read */
} Frame;

typedef struct {
    const char *at;
    const char *end;
    const char *start;
    Frame frames[PLAN_DEPTH_MAX];
    guint depth;
    GError **error;
} Scan;

static char *
scan_place(const Scan *self)
{
    g_autoptr(GString) place = g_string_new(NULL);

    for (guint i = 0; i < self->depth; i++) {
        const Frame *frame = &self->frames[i];
        g_autofree char *next = NULL;

        if (frame->names != NULL && frame->name == NULL)
            break;
        next = frame->names != NULL ? field_place(place->str, frame->name)
                                    : field_place_at(place->str, frame->index);
        g_string_assign(place, next);
    }
    return g_string_free(g_steal_pointer(&place), FALSE);
}

static gboolean
scan_refuse(Scan *self, const char *what)
{
    g_autofree char *place = scan_place(self);

    fault_set(self->error, PLAN_ERROR_INVALID_DOCUMENT, place, "%s (byte %" G_GSIZE_FORMAT ")",
              what, (gsize)(self->at - self->start));
    return FALSE;
}

/* The next byte, or 0 at the end: NUL was ruled out before. */
static char
scan_peek(const Scan *self)
{
    return self->at < self->end ? *self->at : '\0';
}

static char
scan_skip_space(Scan *self)
{
    while (self->at < self->end && strchr(" \t\r\n", *self->at) != NULL)
        self->at++;
    return scan_peek(self);
}

static gboolean
scan_hex4(Scan *self, gunichar *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(scan_peek(self));

        if (digit < 0)
            return scan_refuse(self, "\\u must be followed by four hexadecimal digits");
        *unit = *unit * 16 + (gunichar)digit;
        self->at++;
    }
    return TRUE;
}

/* After "\u". */
static gboolean
scan_unicode_escape(Scan *self, GString *decoded)
{
    gunichar unit;
    gunichar low;

    if (!scan_hex4(self, &unit))
        return FALSE;
    if (unit == 0)
        return scan_refuse(self, "the character U+0000 is not allowed");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return scan_refuse(self, "the second half of a surrogate pair stands alone");
    if (unit >= 0xd800 && unit <= 0xdbff) {
        if (self->end - self->at < 6 || self->at[0] != '\\' || self->at[1] != 'u')
            return scan_refuse(self, "the first half of a surrogate pair stands alone");
        self->at += 2;
        if (!scan_hex4(self, &low))
            return FALSE;
        if (low < 0xdc00 || low > 0xdfff)
            return scan_refuse(self, "the first half of a surrogate pair stands alone");
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    g_string_append_unichar(decoded, unit);
    return TRUE;
}

/* After a backslash. */
static gboolean
scan_escape(Scan *self, GString *decoded)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    char letter = scan_peek(self);
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

    if (letter == 'u') {
        self->at++;
        return scan_unicode_escape(self, decoded);
    }
    if (found == NULL)
        return scan_refuse(self, "a backslash must be followed by one of \"\\/bfnrtu");
    g_string_append_c(decoded, meant[found - letters]);
    self->at++;
    return TRUE;
}

static gboolean
scan_string(Scan *self, GString *decoded)
{
    self->at++;
    while (self->at < self->end && *self->at != '"') {
        char byte = *self->at;

        if ((guchar)byte < 0x20)
            return scan_refuse(self, "a control character in a string must be written as \\u00XX");
        self->at++;
        if (byte != '\\')
            g_string_append_c(decoded, byte);
        else if (!scan_escape(self, decoded))
            return FALSE;
    }
    if (self->at == self->end)
        return scan_refuse(self, "the text ends inside a string");
    self->at++;
    return TRUE;
}

static gboolean
scan_digits(Scan *self)
{
    const char *first = self->at;

    while (g_ascii_isdigit(scan_peek(self)))
        self->at++;
    return self->at > first;
}

static gboolean
scan_number_range(Scan *self, const char *first, gboolean is_integer)
{
    g_autofree char *number = g_strndup(first, (gsize)(self->at - first));

    if (is_integer) {
        if (!g_ascii_string_to_signed(number, 10, G_MININT64, G_MAXINT64, NULL, NULL))
            return scan_refuse(self, "an integer must fit 64 bits");
    } else if (!isfinite(g_ascii_strtod(number, NULL))) {
        return scan_refuse(self, "the number is too large");
    }
    return TRUE;
}

static gboolean
scan_number(Scan *self)
{
    const char *first = self->at;
    gboolean is_integer = TRUE;

    if (scan_peek(self) == '-')
        self->at++;
    if (scan_peek(self) == '0')
        self->at++;
    else if (!scan_digits(self))
        return scan_refuse(self, "a number must have digits");
    if (scan_peek(self) == '.') {
        self->at++;
        is_integer = FALSE;
        if (!scan_digits(self))
            return scan_refuse(self, "a number must have digits after the point");
    }
    if (scan_peek(self) == 'e' || scan_peek(self) == 'E') {
        self->at++;
        is_integer = FALSE;
        if (scan_peek(self) == '+' || scan_peek(self) == '-')
            self->at++;
        if (!scan_digits(self))
            return scan_refuse(self, "a number must have digits in the exponent");
    }
    return scan_number_range(self, first, is_integer);
}

static gboolean
scan_word(Scan *self)
{
    static const char *const words[] = {"true", "false", "null"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        gsize length = strlen(words[i]);

        if ((gsize)(self->end - self->at) >= length && memcmp(self->at, words[i], length) == 0) {
            self->at += length;
            return TRUE;
        }
    }
    return scan_refuse(self, self->at == self->end ? "the text ends where a value is expected"
                                                   : "this is not JSON: a value is expected");
}

static gboolean
scan_scalar(Scan *self)
{
    char byte = scan_peek(self);

    if (byte == '"') {
        g_autoptr(GString) ignored = g_string_new(NULL);

        return scan_string(self, ignored);
    }
    return byte == '-' || g_ascii_isdigit(byte) ? scan_number(self) : scan_word(self);
}

/* The name of an object's next member and its colon. */
static gboolean
scan_name(Scan *self)
{
    Frame *frame = &self->frames[self->depth - 1];
    g_autoptr(GString) name = g_string_new(NULL);

    frame->name = NULL;
    if (scan_skip_space(self) != '"')
        return scan_refuse(self, "this is not JSON: a name in double quotes is expected");
    if (!scan_string(self, name))
        return FALSE;
    frame->name = g_string_free(g_steal_pointer(&name), FALSE);
    if (!g_hash_table_add(frame->names, (gpointer)frame->name))
        return scan_refuse(self, "this name stands twice in its object");
    if (scan_skip_space(self) != ':')
        return scan_refuse(self, "this is not JSON: ':' is expected");
    self->at++;
    return TRUE;
}

static gboolean
scan_open(Scan *self)
{
    Frame *frame;

    if (self->depth == PLAN_DEPTH_MAX) {
        g_autofree char *what =
            g_strdup_printf("nested too deeply, at most %d levels are allowed", PLAN_DEPTH_MAX);

        return scan_refuse(self, what);
    }
    frame = &self->frames[self->depth++];
    *frame = (Frame){0};
    if (*self->at == '{')
        frame->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->at++;
    return TRUE;
}

static void
scan_close(Scan *self)
{
    Frame *frame = &self->frames[--self->depth];

    g_clear_pointer(&frame->names, g_hash_table_unref);
}

/* Reads one value: a scalar as a whole, of an object or array the opening only. *complete tells
 * whether a value ended. */
static gboolean
scan_value(Scan *self, gboolean *complete)
{
    char byte = scan_skip_space(self);

    *complete = TRUE;
    if (byte != '{' && byte != '[')
        return scan_scalar(self);
    if (!scan_open(self))
        return FALSE;
    if (scan_skip_space(self) == (byte == '{' ? '}' : ']')) {
        self->at++;
        scan_close(self);
        return TRUE;
    }
    *complete = FALSE;
    return byte == '[' || scan_name(self);
}

/* After a value: closes what ends here, until a comma or the end of the outermost value. */
static gboolean
scan_after_value(Scan *self, gboolean *done)
{
    while (self->depth > 0) {
        Frame *frame = &self->frames[self->depth - 1];
        char byte = scan_skip_space(self);

        if (byte == ',') {
            self->at++;
            frame->index++;
            return frame->names == NULL || scan_name(self);
        }
        if (byte != (frame->names != NULL ? '}' : ']'))
            return scan_refuse(self, self->at == self->end
                                         ? "the text ends before the object or array does"
                                         : "this is not JSON: ',' or a closing bracket is "
                                           "expected");
        self->at++;
        scan_close(self);
    }
    scan_skip_space(self);
    *done = TRUE;
    return self->at == self->end || scan_refuse(self, "there is text after the end of the value");
}

static gboolean
scan_run(Scan *self)
{
    gboolean done = FALSE;

    while (!done) {
        gboolean complete;

        if (!scan_value(self, &complete))
            return FALSE;
        if (complete && !scan_after_value(self, &done))
            return FALSE;
    }
    return TRUE;
}

gboolean
scan_text(const char *text, gsize length, GError **error)
{
    const char *start = length > 0 ? text : ""; /* of no bytes, text may be NULL */
    Scan self = {.at = start, .end = start + length, .start = start, .error = error};
    gboolean good;

    if (!text_is_utf8(text, length)) {
        fault_set(error, PLAN_ERROR_INVALID_DOCUMENT, "",
                  "the text must be UTF-8 without NUL bytes");
        return FALSE;
    }
    good = scan_run(&self);
    while (self.depth > 0)
        scan_close(&self);
    return good;
}
