# Adds what a later version might: a member at the end of every structure.
/^    int32_t (\*run)(errand_job \*job);/a\
    int32_t (*later)(errand_job *job);\
    const char *latest;
/^    int64_t size;         \/\* bytes \*\//a\
    int64_t later;
/^    void \*data; \/\* handed/a\
    void *later;
/^    uint32_t operation_size;/s/uint32_t operation_size;/& const char *later;/
/^    int32_t (\*stream_get)(errand_job \*job, const errand_stream_request \*request);/a\
    int32_t (*later)(errand_job *job);
