#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd's own judgement of the services: exposed to 3.0 at most, of 10.
set -u

systemd-analyze security --offline=yes --help >/dev/null 2>&1 || {
	echo "systemd-analyze cannot judge a file; systemd 250 or newer is needed"
	exit 77
}
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
failed=0

# exposed UNIT - more than 3.0? It says so in $work/said
exposed() {
	! systemd-analyze security --no-pager --offline=yes --threshold=30 \
		"$1" >"$work/said" 2>&1
}

# Of no hardening at all it must say so
printf '[Service]\nExecStart=/bin/true\n' >"$work/bare.service"
exposed "$work/bare.service" || {
	echo "FAIL: a service without any hardening is said to be safe"
	failed=1
}
for unit in units/*.service; do
	case $unit in
	*/org.*) continue ;;
	esac
	if exposed "$PWD/$unit"; then
		echo "FAIL: $unit"
		cat "$work/said"
		failed=1
	else
		echo "$unit: $(tail -n 1 "$work/said")"
	fi
done
exit $failed
