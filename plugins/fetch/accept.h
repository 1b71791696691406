/* What of an answer goes into the part file: asked from libcurl's callbacks (attempt.c). */
#pragma once

#include "attempt.h"

/* Once the headers are in. True: go on (self->taking says whether the body is the file). False:
 * self->result stands. */
bool accept_response(Attempt *self);
/* False: self->result stands. */
bool accept_body(Attempt *self, const void *data, size_t length);
/* Fails the step for a negative errno value of the sink. */
void accept_write_error(Attempt *self, int error);
