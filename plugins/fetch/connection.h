/* How a server is reached: the owner's settings, told to libcurl. */
#pragma once

#include "settings.h"

#include <curl/curl.h>

void connection_set(CURL *easy, const Settings *settings);
