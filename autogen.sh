#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure from a git checkout.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux
autoreconf -fi
echo "Now run: mkdir -p build && cd build && ../configure && make"
