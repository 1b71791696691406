#include "attempt.h"

#include "accept.h"
#include "budget.h"
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE       (128 * 1024L)
#define BUFFER_SMALL      (16 * 1024L) /* with a rate-limit: what one look at the socket may take */
#define CONNECT_TIMEOUT_S 30L
#define REDIRECTS_MAX     5
/* Of an error page or a redirect's text, before the connection is dropped. */
#define IGNORED_MAX       (64 * 1024)
/* Longest sleep between two looks at cancel and progress. */
#define WAIT_MS           500
/* Longest pause a server may ask for. */
#define RETRY_AFTER_MAX_S 300

static size_t
on_header(char *data, size_t size, size_t count, void *user_data)
{
    Attempt *self = user_data;
    bool was_complete = self->response.complete;

    response_line(&self->response, data, size * count);
    if (was_complete || !self->response.complete || accept_response(self))
        return size * count;
    self->judged = true;
    return 0;
}

static size_t
on_body(char *data, size_t size, size_t count, void *user_data)
{
    Attempt *self = user_data;
    size_t length = size * count;

    if (!self->taking) {
        self->ignored += length;
        return self->ignored <= IGNORED_MAX ? length : 0;
    }
    self->transfer->fetched += (int64_t)length;
    if (accept_body(self, data, length))
        return length;
    self->judged = true;
    return 0;
}

static void
set_options(Attempt *self)
{
    const Settings *settings = &self->transfer->settings;
    CURL *easy = self->easy;

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                     settings->rate_limit > 0 ? BUFFER_SMALL : BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "errand/" ERRAND_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, self->curl_fault);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, self);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, self);
    connection_set(easy, settings);
}

int32_t
attempt_read_url(Attempt *self)
{
    const Fetch *fetch = self->transfer->fetch;
    Source source;
    int32_t verdict =
        source_read(self->transfer->job, fetch->plugin, fetch->url_pointer, &self->url, &source);

    if (verdict != ERRAND_SUCCEEDED)
        return verdict;
    self->secure = source.secure;
    memcpy(self->transfer->name, source.name, sizeof source.name);
    return ERRAND_SUCCEEDED;
}

bool
attempt_open(Attempt *self)
{
    self->easy = curl_easy_init();
    self->multi = curl_multi_init();
    if (self->easy == NULL || self->multi == NULL)
        return false;
    set_options(self);
    return true;
}

void
attempt_close(Attempt *self)
{
    curl_easy_cleanup(self->easy);
    curl_multi_cleanup(self->multi);
}

/* Milliseconds to leave the data in the socket for, so that the rate-limit is kept on average.
 * libcurl 7.88's own limit lets megabytes pass before it first looks. */
static int64_t
hold_back(const Attempt *self)
{
    int64_t rate = self->transfer->settings.rate_limit, due;

    if (rate == 0)
        return 0;
    due = (int64_t)((double)(self->transfer->fetched - self->begun_at) * 1000.0 / (double)rate);
    return due - (transfer_now_ms() - self->begun_ms);
}

/* Until the network has something, or the rate allows more, or a cancel, or the next report. */
static void
wait_for_more(Attempt *self)
{
    int fd = errand_cancel_fd(self->transfer->job);
    struct curl_waitfd extra = {fd, CURL_WAIT_POLLIN, 0};
    struct pollfd cancel = {fd, POLLIN, 0};
    int64_t hold = hold_back(self);

    if (hold > 0)
        poll(&cancel, 1, hold < WAIT_MS ? (int)hold : WAIT_MS);
    else
        curl_multi_poll(self->multi, &extra, fd >= 0 ? 1 : 0, WAIT_MS, NULL);
}

/* False when the step is over; the verdict is set. */
static bool
go_on(Attempt *self)
{
    if (errand_cancelled(self->transfer->job)) {
        /* Or libcurl would wait for the answer of a name server. */
        curl_easy_setopt(self->easy, CURLOPT_QUICK_EXIT, 1L);
        self->verdict = ERRAND_CANCELLED;
    } else {
        self->verdict = budget_check(self->transfer, self->identity.total);
    }
    return self->verdict == ERRAND_SUCCEEDED;
}

/* Drives the transfer to its end. False when the step is over. */
static bool
drive(Attempt *self, CURLcode *code)
{
    int running = 1, left;
    CURLMsg *message;

    *code = CURLE_OK;
    self->begun_ms = transfer_now_ms();
    self->begun_at = self->transfer->fetched;
    while (running > 0) {
        if (hold_back(self) <= 0 && curl_multi_perform(self->multi, &running) != CURLM_OK)
            break;
        if (!self->judged && !go_on(self))
            return false;
        transfer_report(self->transfer, "downloading", self->taking ? self->identity.total : -1);
        if (running > 0)
            wait_for_more(self);
    }
    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            *code = message->data.result;
    }
    return true;
}

/* Asks for the rest of the file, and only if it still is that file. */
static struct curl_slist *
set_range(Attempt *self)
{
    const Identity *identity = &self->identity;
    const char *validator = identity->modified;
    char text[IDENTITY_TEXT_SIZE + 16];

    curl_easy_setopt(self->easy, CURLOPT_RANGE, NULL);
    curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, NULL);
    if (self->transfer->sink.offset == 0)
        return NULL;
    snprintf(text, sizeof text, "%lld-", (long long)self->transfer->sink.offset);
    curl_easy_setopt(self->easy, CURLOPT_RANGE, text);
    if (identity_has_strong_etag(identity))
        validator = identity->etag;
    if (*validator == '\0')
        return NULL;
    snprintf(text, sizeof text, "If-Range: %s", validator);
    return curl_slist_append(NULL, text);
}

static bool
is_permanent(CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_OUT_OF_MEMORY:
        return true;
    default:
        return false;
    }
}

/* libcurl's own words; cut where a query could begin. */
static void
describe(Attempt *self, CURLcode code)
{
    const char *text = *self->curl_fault != '\0' ? self->curl_fault : curl_easy_strerror(code);

    snprintf(self->fault, sizeof self->fault, "%.*s", (int)strcspn(text, "?"), text);
}

static AttemptResult
fail(Attempt *self)
{
    self->verdict = errand_fail(self->transfer->job, "download-failed", "%s: %s",
                                self->transfer->name, self->fault);
    return ATTEMPT_ENDED;
}

static bool
is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static AttemptResult
judge_status(Attempt *self)
{
    int status = self->response.status;
    curl_off_t seconds = 0;

    if (is_redirect(status))
        return ATTEMPT_REDIRECTED;
    snprintf(self->fault, sizeof self->fault, "the server answers with status %d", status);
    if (status == 403)
        return ATTEMPT_EXPIRED;
    if (status != 408 && status != 429 && (status < 500 || status > 599))
        return fail(self);
    curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &seconds);
    self->retry_after_ms =
        1000 * (int64_t)(seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S);
    return ATTEMPT_AGAIN;
}

static AttemptResult
judge(Attempt *self, CURLcode code)
{
    int error = self->taking ? sink_flush(&self->transfer->sink) : 0;

    if (error != 0 && !self->judged) {
        accept_write_error(self, error);
        return self->result;
    }
    if (self->judged)
        return self->result;
    if (self->response.complete && !self->taking)
        return judge_status(self);
    if (code != CURLE_OK) {
        describe(self, code);
        return is_permanent(code) ? fail(self) : ATTEMPT_AGAIN;
    }
    if (self->taking &&
        (self->identity.total < 0 || self->transfer->sink.offset == self->identity.total))
        return ATTEMPT_DONE;
    snprintf(self->fault, sizeof self->fault, "the answer ended too early");
    return ATTEMPT_AGAIN;
}

static AttemptResult
request_once(Attempt *self, const char *url)
{
    struct curl_slist *headers = set_range(self);
    AttemptResult result;
    CURLcode code;

    self->response = (Response){0};
    self->taking = self->judged = false;
    self->ignored = 0;
    self->retry_after_ms = 0;
    *self->curl_fault = '\0';
    curl_easy_setopt(self->easy, CURLOPT_URL, url);
    curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(self->easy, CURLOPT_PROTOCOLS_STR, self->secure ? "https" : "http,https");
    curl_multi_add_handle(self->multi, self->easy);
    result = drive(self, &code) ? judge(self, code) : ATTEMPT_ENDED;
    curl_multi_remove_handle(self->multi, self->easy);
    curl_slist_free_all(headers);
    return result;
}

/* Where the answer sends us, checked like the document's URL; NULL with the verdict said. */
static char *
follow(Attempt *self)
{
    char *url = NULL, what[SOURCE_NAME_SIZE + 32];
    SourceUse use = {self->transfer->fetch->plugin, what, "download-failed"};
    Source source;

    snprintf(what, sizeof what, "%s: where it redirects to", self->transfer->name);
    curl_easy_getinfo(self->easy, CURLINFO_REDIRECT_URL, &url);
    if (url == NULL) {
        snprintf(self->fault, sizeof self->fault, "a redirect without a place to go to");
        fail(self);
        return NULL;
    }
    if (source_check(self->transfer->job, &use, url, &source) != ERRAND_SUCCEEDED) {
        self->verdict = ERRAND_FAILED;
        return NULL;
    }
    if (self->secure && !source.secure) {
        self->verdict =
            errand_fail(self->transfer->job, "not-allowed", "%s: redirected from https to %s",
                        self->transfer->name, source.name);
        return NULL;
    }
    url = strdup(url);
    if (url == NULL)
        self->verdict =
            errand_fail(self->transfer->job, "internal", "following a redirect: out of memory");
    return url;
}

AttemptResult
attempt_run(Attempt *self)
{
    char *url = NULL;
    AttemptResult result = request_once(self, self->url);
    int redirects = 0;

    while (result == ATTEMPT_REDIRECTED) {
        char *next = NULL;

        if (redirects++ < REDIRECTS_MAX) {
            next = follow(self);
        } else {
            snprintf(self->fault, sizeof self->fault, "more than %d redirects", REDIRECTS_MAX);
            fail(self);
        }
        free(url);
        url = next;
        result = url != NULL ? request_once(self, url) : ATTEMPT_ENDED;
    }
    free(url);
    return result;
}
