#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal's message ids: the same in the program, the man page and the
# catalog; and a catalog that journalctl takes.

top=${srcdir:-.}
tmp=$(mktemp -d) || exit 99
trap 'rm -r "$tmp"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

sed -n 's/^#define KQ_MESSAGE_.* "\([0-9a-f]\{32\}\)"$/\1/p' \
	"$top/daemon/journal.h" | sort >"$tmp/program"
sed -n 's/^\.B \([0-9a-f]\{32\}\)$/\1/p' "$top/docs/quiescectl.8" |
	sort >"$tmp/man"
sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$top/units/kexec-quiesce.catalog" |
	sort >"$tmp/catalog"
[ "$(wc -l <"$tmp/program")" -ge 4 ] || fail "no ids in daemon/journal.h"
cmp "$tmp/program" "$tmp/man" || fail "program and man page differ"
cmp "$tmp/program" "$tmp/catalog" || fail "program and catalog differ"

command -v journalctl >/dev/null || exit 0
mkdir -p "$tmp/root/usr/lib/systemd/catalog" \
	"$tmp/root/var/lib/systemd/catalog"
cp "$top/units/kexec-quiesce.catalog" "$tmp/root/usr/lib/systemd/catalog"
journalctl --root="$tmp/root" --update-catalog >"$tmp/log" 2>&1 ||
	fail "journalctl refuses the catalog: $(cat "$tmp/log")"
while read -r id; do
	journalctl --root="$tmp/root" --list-catalog "$id" 2>&1 |
		grep -q "^$id kexec-quiesce: " || fail "$id is not in the catalog"
done <"$tmp/program"
