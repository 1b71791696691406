#include "host-private.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define DETAILS_MAX 32 /* pairs; as errand/plugin.h promises */
#define KEY_MAX     128
#define WORD_MAX    64

void
host_log(errand_job *job, int32_t level, const char *text)
{
    g_autoptr(Packet) packet = packet_new(PACKET_LOG);

    if (text == NULL)
        return;
    packet->level = CLAMP(level, 0, 7);
    packet->text = g_strdup(text);
    client_send(((Host *)job)->client, packet);
}

int32_t
host_progress(errand_job *job, int32_t percent, const char *step)
{
    Host *self = (Host *)job;

    if (percent < -1 || percent > 100)
        return -EINVAL;
    if (!host_is_running(self))
        return -EPERM;
    return client_progress(self->client, percent, step);
}

/* FALSE when there is no room for one more key. */
static gboolean
remember_detail(Host *self, const char *key)
{
    gboolean room;

    g_mutex_lock(&self->lock);
    room =
        g_hash_table_contains(self->details, key) || g_hash_table_size(self->details) < DETAILS_MAX;
    if (room)
        g_hash_table_add(self->details, g_strdup(key));
    g_mutex_unlock(&self->lock);
    return room;
}

int32_t
host_detail(errand_job *job, const char *key, const char *value)
{
    Host *self = (Host *)job;
    g_autoptr(Packet) packet = packet_new(PACKET_DETAIL);

    if (value == NULL || !text_is_name(key, ":_-", KEY_MAX))
        return -EINVAL;
    if (!host_is_running(self))
        return -EPERM;
    if (!remember_detail(self, key))
        return -E2BIG;
    packet->key = g_strdup(key);
    packet->text = g_strdup(value);
    return client_send(self->client, packet);
}

static void
complain_of_word(errand_job *job, const char *word)
{
    g_autofree char *text = g_strdup_printf(
        "reason word \"%.*s\" is replaced by \"internal\": 1 to %d of a-z 0-9 - are "
        "allowed",
        WORD_MAX, word != NULL ? word : "", WORD_MAX);

    host_log(job, ERRAND_LOG_WARNING, text);
}

/* A word that is no word costs the plugin its word, not the people its text. */
int32_t
host_give_reason(errand_job *job, const char *word, const char *text)
{
    Host *self = (Host *)job;
    gboolean good = text_is_word(word, WORD_MAX);

    if (text == NULL)
        return -EINVAL;
    g_mutex_lock(&self->lock);
    g_free(self->word);
    g_free(self->text);
    self->word = g_strdup(good ? word : "internal");
    self->text = g_strdup(text);
    g_mutex_unlock(&self->lock);
    if (!good)
        complain_of_word(job, word);
    return good ? 0 : -EINVAL;
}

int32_t
host_cancelled(errand_job *job)
{
    return client_cancelled(((Host *)job)->client) ? 1 : 0;
}

int32_t
host_cancel_fd(errand_job *job)
{
    return client_cancel_fd(((Host *)job)->client);
}

int32_t
host_critical(errand_job *job, int32_t enter)
{
    Host *self = (Host *)job;

    if (enter != 0 && enter != 1)
        return -EINVAL;
    if (!host_is_running(self))
        return -EPERM;
    return client_critical(self->client, enter == 1);
}

int32_t
host_save_state(errand_job *job, const void *data, size_t length)
{
    Host *self = (Host *)job;
    g_autoptr(Packet) question = packet_new(PACKET_SAVE);
    g_autoptr(Packet) answer = NULL;
    int result;

    if (data == NULL && length > 0)
        return -EINVAL;
    if (length > ERRAND_STATE_MAX)
        return -E2BIG;
    if (!host_is_running(self))
        return -EPERM;
    question->state = g_bytes_new(data, length);
    result = client_ask(self->client, question, PACKET_SAVED, &answer);
    if (result < 0)
        return result;
    if (answer->error_number != 0 || answer->text != NULL)
        return answer->error_number != 0 ? -answer->error_number : -EIO;
    g_mutex_lock(&self->lock);
    if (!self->state_lent)
        g_ptr_array_set_size(self->states, MAX((gint)self->states->len - 1, 0));
    self->state_lent = FALSE;
    g_ptr_array_add(self->states, g_bytes_ref(question->state));
    g_mutex_unlock(&self->lock);
    return 0;
}

const void *
host_load_state(errand_job *job, size_t *length)
{
    Host *self = (Host *)job;
    gsize size = 0;
    const void *data = NULL;

    g_mutex_lock(&self->lock);
    if (self->states->len > 0) {
        GBytes *state = g_ptr_array_index(self->states, self->states->len - 1);

        data = g_bytes_get_data(state, &size);
        if (data == NULL)
            data = ""; /* saved, and empty */
        self->state_lent = TRUE;
    }
    g_mutex_unlock(&self->lock);
    if (length != NULL)
        *length = size;
    return data;
}
