#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What quiescectl report --format=prometheus prints is what Prometheus reads:
# test-ctl-kept compares with these files, promtool judges them.

data=${srcdir:-.}/tests/data/ctl

command -v promtool >/dev/null || {
	echo "promtool is missing: install prometheus"
	exit 77
}
for file in "$data"/report-crash.prom "$data"/report-strays.prom; do
	promtool check metrics <"$file" || {
		echo "FAIL: $file" >&2
		exit 1
	}
done
