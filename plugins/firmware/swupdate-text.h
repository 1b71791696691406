/* What SWUpdate's texts mean. Pure functions; nothing is taken for granted about their input. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The reason word for a failed update, by what SWUpdate complained of. */
const char *swupdate_text_reason(const char *notes);

/* Copies the version out of the information that SWUpdate gives once it has verified a description:
 * {"0": {"VERSION" : "2.0.0"}}. false, and *version is left alone, when it is not that. */
bool swupdate_text_version(const char *info, size_t length, char *version, size_t size);

/* Splits "stable,main". Both empty for an empty selection; false when it is no selection. */
bool swupdate_text_selection(const char *selection, char *set, char *mode, size_t size);

/* Percent over all steps, 0..100, or -1 when SWUpdate does not tell. */
int swupdate_text_percent(unsigned step, unsigned n_steps, unsigned percent);
