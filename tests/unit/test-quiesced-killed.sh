#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of quiesced in which something ends too early or takes too long;
# by themselves, so that they can run beside the others.
exec "${srcdir:-.}"/tests/unit/test-quiesced.sh killed killed_in_need bounded stops busy
