/* Plugin firmware: what it takes from documents and settings, before anything is asked or done. */
#include "board.h"

#include <string.h>

static FileServer *server;

static void
check_document(const char *operation, const char *document, const char *word)
{
    g_autoptr(Board) board = board_new(server, operation, "");

    g_test_message("%s", document);
    fake_host_set(board->host, "minimum-version", "1.5");
    fake_host_set_document(board->host, document);
    fake_host_assert(board->host, fake_host_check(board->host),
                     word == NULL ? ERRAND_SUCCEEDED : ERRAND_REJECTED, word);
    g_assert_false(board_has(board, "log"));
}

static void
test_documents(void)
{
    static const struct {
        const char *members, *word;
    } cases[] = {
        {"'url':'http://h/u'", NULL},
        {"'url':'http://h/u','version':'2.0','size':10,'timeout':60,'user':'root'", NULL},
        {"'url':'http://h/u','backend':'command'", NULL},
        {"'url':'http://h/u','version':null,'stream':null,'sha256':null", NULL},
        {"'url':'http://h/u','backend':'rauc'", "not-allowed"},
        {"'url':'http://h/u','backend':7", "invalid-document"},
        {"'url':'http://h/u','version':'1.4.9'", "not-allowed"},
        {"'url':'http://h/u','version':'1.5~rc1'", "not-allowed"},
        {"'url':'http://h/u','version':'2 0'", "invalid-document"},
        {"'url':'http://h/u','version':''", "invalid-document"},
        {"'url':'http://h/u','version':2}", "invalid-document"},
        {"'url':'http://h/u','sha256':'abc'", "invalid-document"},
        {"'url':'http://h/u','size':-1", "invalid-document"},
        {"'url':'http://h/u','timeout':0", "invalid-document"},
        {"'url':'http://h/u','path':'/dev/sda'", "invalid-document"},
        {"'url':'http://h/u','install':['rm']", "invalid-document"},
        {"'url':'http://h/u','file':1", "invalid-document"},
        {"'url':'http://h/u','stream':'s','file':1", "invalid-document"},
        {"'url':'ftp://h/u'", "not-allowed"},
        {"'url':''", "invalid-document"},
        {"'version':'2.0'", "invalid-document"},
        {"'stream':'s'", "invalid-document"},
        {"'stream':'s','file':256", "invalid-document"},
        {"'stream':'s','file':'0'", "invalid-document"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document =
            g_strdup_printf("{'operation':'firmware',%s}", cases[i].members);

        if (cases[i].members[strlen(cases[i].members) - 1] == '}')
            document[strlen(document) - 1] = '\0';
        check_document("firmware", document, cases[i].word);
    }
}

static void
test_freertos_documents(void)
{
    static const struct {
        const char *inside, *word;
    } cases[] = {
        {"'protocols':['HTTP'],'files':[{'filesize':5,'fileid':0,'update_data_url':'http://h/u',"
         "'filepath':'x','fileType':3,'auth_scheme':'aws.s3.presigned'}]",
         NULL},
        {"'protocols':['MQTT','HTTP'],'streamname':'s','files':[{'filesize':5,'fileid':0,"
         "'update_data_url':'http://h/u','filepath':null}]",
         NULL},
        {"'protocols':['HTTP'],'files':[{'filesize':5,'update_data_url':null}]",
         "invalid-document"},
        {"'protocols':['HTTP'],'files':[{'filesize':0,'update_data_url':'http://h/u'}]",
         "invalid-document"},
        {"'protocols':['HTTP'],'files':[{'update_data_url':'http://h/u'}]", "invalid-document"},
        {"'protocols':['COAP'],'files':[{'filesize':5,'update_data_url':'http://h/u'}]",
         "invalid-document"},
        {"'protocols':'HTTP','files':[{'filesize':5,'update_data_url':'http://h/u'}]",
         "invalid-document"},
        {"'protocols':['HTTP'],'files':[{'filesize':5,'update_data_url':'http://h/u'},{}]",
         "invalid-document"},
        {"'protocols':['HTTP'],'files':[]", "invalid-document"},
        {"'protocols':['HTTP'],'files':[7]", "invalid-document"},
        {"'protocols':['HTTP'],'files':{'0':{}}", "invalid-document"},
        {"'protocols':['MQTT'],'files':[{'filesize':5,'fileid':0}]", "invalid-document"},
        {"'protocols':['MQTT'],'streamname':'s','files':[{'filesize':5}]", "invalid-document"},
        {"'protocols':['MQTT'],'streamname':'s','files':[{'filesize':5,'fileid':300}]",
         "invalid-document"},
        {"'protocols':['HTTP'],'files':[{'filesize':5,'update_data_url':'http://h/u',"
         "'sig-sha256-rsa':'QUJD','sig-sha256-ecdsa':'QUJD','certfile':'x'}]",
         "bad-signature"},
        {"'protocols':['HTTP'],'files':[{'filesize':5,'update_data_url':'http://h/u',"
         "'sig-sha256-rsa':'QUJD'}]",
         "bad-signature"},
        {"'protocols':['HTTP'],'files':[{'filesize':5,'update_data_url':'http://h/u',"
         "'certfile':'x'}]",
         "bad-signature"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *document = g_strdup_printf("{'afr_ota':{%s}}", cases[i].inside);

        check_document("afr_ota", document, cases[i].word);
    }
    check_document("afr_ota", "{'afr_ota':7}", "invalid-document");
    check_document("afr_ota",
                   "{'_comment':'nightly','afr_ota':{'protocols':['HTTP'],"
                   "'files':[{'filesize':5,'update_data_url':'http://h/u'}]}}",
                   NULL);
    check_document("afr_ota", "{'afr_ota':{},'url':'http://h/u'}", "invalid-document");
}

static void
test_settings(void)
{
    static const struct {
        const char *key, *value;
    } bad[] = {
        {"backend", "mender"},
        {"install", ""},
        {"booted", ""},
        {"confirm", ""},
        {"rollback", ""},
        {"health-timeout", "soon"},
        {"install-timeout", "5"},
        {"streaming", "true"},
        {"streaming", "maybe"},
        {"require-signature", "1"},
        {"command-timeout", "x"},
        {"health-checks", "test 'a"},
        {"health-checks", "true; ;x"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Board) board = board_new(server, "firmware", "");

        g_test_message("%s=%s", bad[i].key, bad[i].value);
        fake_host_set(board->host, bad[i].key, bad[i].value);
        fake_host_assert(board->host, fake_host_check(board->host), ERRAND_REJECTED, "internal");
    }
}

static void
test_signature_required(void)
{
    g_autoptr(Board) board = board_new(server, "firmware", "");

    fake_host_set(board->host, "require-signature", "true");
    fake_host_assert(board->host, fake_host_check(board->host), ERRAND_REJECTED, "bad-signature");
}

int
main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    server = file_server_start(1000);
    g_test_add_func("/firmware-documents/documents", test_documents);
    g_test_add_func("/firmware-documents/freertos-documents", test_freertos_documents);
    g_test_add_func("/firmware-documents/settings", test_settings);
    g_test_add_func("/firmware-documents/signature-required", test_signature_required);
    result = g_test_run();
    file_server_stop(server);
    return result;
}
