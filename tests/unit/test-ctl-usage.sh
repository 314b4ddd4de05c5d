#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# quiescectl's command line: usage errors take one line and exit 1, and the
# man page names the same verbs and options as --help.

ctl=./quiescectl
man=${srcdir:-.}/docs/quiescectl.8
tmp=$(mktemp -d) || exit 99
trap 'rm -r "$tmp"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

$ctl --version >"$tmp/version" 2>/dev/null || {
	echo "quiescectl does not run on this machine"
	exit 77
}
grep -q '^quiescectl (kexec-quiesce) ' "$tmp/version" || fail "--version"

# refused WORD... - exit status 1, nothing on stdout, one line on stderr
refused() {
	$ctl "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = 1 ] || fail "$*: exit status is not 1"
	[ ! -s "$tmp/out" ] || fail "$*: output"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line of complaint"
}

refused
refused frobnicate
refused --frobnicate
refused list --frobnicate
refused list --orderly
refused list extra
refused report one two
refused report --smmu-policy=abort
refused plan --root
refused plan --loaded --orderly
refused plan --loaded --root="$tmp"
refused plan --loaded --quiesce=bme
refused plan --root="$tmp" --smmu-policy=explode
refused plan --root="$tmp" --quiesce-skip=nonsense
refused plan --root="$tmp" --quiesce-budget=never
refused report "$tmp/missing"
refused report "$tmp/version"

# Options of both, one in a line, as --name or --name=.
$ctl --help | sed -n 's/^  \(--[a-z-]*=*\).*/\1/p' | sort >"$tmp/help"
sed -n 's/\\fR//g; s/\\-/-/g; s/^\.B[RI]* .*\(--[a-z-]*=*\).*/\1/p' "$man" |
	sort -u >"$tmp/man"
[ -s "$tmp/help" ] || fail "no options in --help"
diff "$tmp/help" "$tmp/man" || fail "--help (<) and the man page (>) differ"

for verb in $($ctl --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
	grep -q "^\.B quiescectl $verb\$" "$man" ||
		fail "the man page's synopsis lacks $verb"
	grep -q "^\.B $verb\$" "$man" || fail "the man page lacks $verb"
	$ctl $verb --help | grep -q "^Usage: quiescectl $verb" ||
		fail "$verb --help"
	for option in $($ctl $verb --help |
		sed -n 's/^  \(--[a-z-]*\).*/\1/p'); do
		grep -q -e "^$option=*\$" "$tmp/help" ||
			fail "$verb --help has $option, --help has not"
	done
done

# What quiesced's page and busctl call the daemon's properties and methods.
page=${srcdir:-.}/docs/quiesced.8
sed -n 's/.*<\(property\|method\) name="\([A-Za-z]*\)".*/\2/p' \
	"${srcdir:-.}/units/org.kexecquiesce1.xml" >"$tmp/names"
[ -s "$tmp/names" ] || fail "no names in the interface"
while read -r name; do
	grep -q "^\.BR $name \"" "$page" || fail "quiesced(8) lacks $name"
done <"$tmp/names"
./quiesced --frobnicate 2>"$tmp/err" && fail "quiesced --frobnicate"
[ "$(wc -l <"$tmp/err")" = 1 ] || fail "quiesced --frobnicate: not one line"
for option in $(./quiesced --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'); do
	grep -q "$(echo "$option" | sed 's/-/\\\\-/g')" "$page" ||
		fail "quiesced(8) lacks $option"
done
exit 0
