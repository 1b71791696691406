#!/bin/sh
# health-check.sh USER: the gateway takes jobs. Put your own in the first handler directory.
exit 0
