# Adds what a later version might: a member at the end of every structure.
/^    int32_t (\*run)(errand_job \*job);/a\
    int32_t (*later)(errand_job *job);\
    const char *latest;
/^    uint32_t operation_size;/s/uint32_t operation_size;/& const char *later;/
/^    int32_t (\*refresh_document)(errand_job \*job);/a\
    int32_t (*later)(errand_job *job);
