#!/bin/sh
# The room engine against the real engine: the program is built with the tests.
exec "$TEST_BUILDDIR/tests/engine/live-engine"
