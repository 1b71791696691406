/* Version 1.0 in numbers: a change of these breaks every plugin built before. */
#include <errand/plugin.h>

#define POINTERS(n) ((n) * sizeof(void *))
#define AT(type, member, place)                                                                    \
    _Static_assert(offsetof(type, member) == (place), #type "." #member " moved")

AT(errand_plugin, struct_size, 0);
AT(errand_plugin, abi, 4);
AT(errand_plugin, name, 8);
AT(errand_plugin, version, 8 + POINTERS(1));
AT(errand_plugin, operations, 8 + POINTERS(2));
AT(errand_plugin, n_operations, 8 + POINTERS(3));
AT(errand_plugin, operation_size, 12 + POINTERS(3));
AT(errand_operation, name, 0);
AT(errand_operation, summary, POINTERS(1));
AT(errand_operation, flags, POINTERS(2));
AT(errand_operation, timeout_s, 4 + POINTERS(2));
AT(errand_operation, check, 8 + POINTERS(2));
AT(errand_operation, run, 8 + POINTERS(3));
AT(errand_host, struct_size, 0);
AT(errand_host, start, 8);
AT(errand_host, document, 8 + POINTERS(5));
AT(errand_host, get_key, 8 + POINTERS(11));
AT(errand_host, private_directory, 8 + POINTERS(14));
AT(errand_host, reason, 8 + POINTERS(18));
AT(errand_host, save_state, 8 + POINTERS(22));
AT(errand_host, refresh_document, 8 + POINTERS(24));
AT(errand_host, stream_describe, 8 + POINTERS(25));
AT(errand_host, stream_get, 8 + POINTERS(26));
AT(errand_job, host, 0);
AT(errand_stream_file, struct_size, 0);
AT(errand_stream_file, version, 4);
AT(errand_stream_file, size, 8);
AT(errand_stream_request, struct_size, 0);
AT(errand_stream_request, format, 4);
AT(errand_stream_request, stream, 8);
AT(errand_stream_request, file, 8 + POINTERS(1));
AT(errand_stream_request, version, 12 + POINTERS(1));
AT(errand_stream_request, size, 16 + POINTERS(1));
AT(errand_stream_request, block_size, 24 + POINTERS(1));
AT(errand_stream_request, first, 28 + POINTERS(1));
AT(errand_stream_request, wanted, 32 + POINTERS(1));
AT(errand_stream_request, wanted_size, 32 + POINTERS(2));
_Static_assert(ERRAND_STREAM_JSON == 0 && ERRAND_STREAM_CBOR == 1, "formats are for ever");
_Static_assert(ERRAND_STATE_MAX == 16384, "state may grow but not shrink");
_Static_assert(ERRAND_FAILED == 0 && ERRAND_SUCCEEDED == 1 && ERRAND_REJECTED == 2 &&
                   ERRAND_REBOOT == 3 && ERRAND_CANCELLED == 4,
               "outcomes are for ever");
