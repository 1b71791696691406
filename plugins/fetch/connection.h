/* How a server is reached: the owner's settings, told to libcurl. */
#pragma once

#include "settings.h"

#include <curl/curl.h>

/* CA, certificate, proxy, and when a transfer is stalled. The texts of `settings` must outlive it.
 */
void connection_set(CURL *easy, const Settings *settings);
