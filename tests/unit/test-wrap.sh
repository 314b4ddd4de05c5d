#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# quiescectl wrap on a made-up machine: what it writes can be signed by
# sbsign, and verified by sbverify and by a reader of our own; what was
# changed afterwards cannot.

program=$PWD/tests/unit/quiescectl-on-fake-machine
stage=$PWD/purgatory/stage.elf
srcdir=${srcdir:-.}
failures=0

for tool in dtc openssl python3 sbsign sbverify; do
	command -v $tool >/dev/null || {
		echo "needs $tool: run tests/setup"
		exit 77
	}
done

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
. "$srcdir/tests/unit/fake-machine.sh"

# config LINE... - the config file
config() {
	printf '%s\n' "stage = $stage" "$@" >"$dir"/conf
}

# wrap ARG... - run quiescectl wrap; status, out and err
wrap() {
	KQ_TEST_ROOT=$dir/root KEXEC_QUIESCE_CONF=$dir/conf \
		timeout 60 "$program" wrap "$@" >"$dir"/out 2>"$dir"/err
	status=$?
}

# refused WORDS ARG... - one line on stderr with these words, nothing written
refused() {
	local words=$1

	shift
	rm -f "$dir"/new
	wrap "$@"
	check "refuse $*" test "$status" = 1
	check "refuse $*" test "$(wc -l <"$dir"/err)" = 1
	check "refuse $*" grep -q -- "$words" "$dir"/err
	check "refuse $*" test ! -e "$dir"/new
	check "refuse $*" test -z "$(find "$dir" -name 'new.*')"
}

fails() {
	! "$@" 2>/dev/null
}

# make_key NAME - a throw-away key and its certificate
make_key() {
	openssl req -quiet -new -x509 -newkey rsa:2048 -nodes -days 2 \
		-subj "/CN=kexec-quiesce test $1/" -keyout "$dir/$1.key" \
		-out "$dir/$1.pem" 2>/dev/null ||
		openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 \
			-subj "/CN=kexec-quiesce test $1/" \
			-keyout "$dir/$1.key" -out "$dir/$1.pem" 2>/dev/null
}

# flip FILE OFFSET - change one bit
flip() {
	python3 - "$1" "$2" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as file:
	    file.seek(int(sys.argv[2]))
	    byte = file.read(1)[0]
	    file.seek(int(sys.argv[2]))
	    file.write(bytes([byte ^ 1]))
	END
}

verified() {
	sbverify --cert "$dir"/site.pem "$1" >/dev/null 2>"$dir"/verify &&
		"$srcdir"/tests/unit/authenticode.py "$1" 2>>"$dir"/verify
}

# By both readers alike: each must be able to say no.
both_refuse() {
	fails sbverify --cert "$dir"/site.pem "$1" >/dev/null &&
		fails "$srcdir"/tests/unit/authenticode.py "$1"
}

test_plain() {
	config
	wrap "$dir"/Image.gz "$dir"/plain
	check "plain" test "$status" = 0
	check "plain" test ! -s "$dir"/err
	check "plain" grep -q KQPLAN "$dir"/plain
	check "plain" cmp -s <(tail -c 32768 "$dir"/plain) "$dir"/Image
	check "plain" fails sbsign --key "$dir"/site.key \
		--cert "$dir"/site.pem --output "$dir"/no "$dir"/plain
}

test_signed() {
	config
	wrap --pe --smmu-policy=sink "$dir"/Image "$dir"/pe
	check "pe" test "$status" = 0
	check "unsigned" both_refuse "$dir"/pe
	sbsign --key "$dir"/site.key --cert "$dir"/site.pem \
		--output "$dir"/signed "$dir"/pe >/dev/null 2>"$dir"/warnings
	check "sbsign" test -s "$dir"/signed
	check "no gap in the file" fails grep -qi warning "$dir"/warnings
	check "signed" verified "$dir"/signed
	check "sections" test "$(objdump_sections)" = ".stage .payload"
}

objdump_sections() {
	python3 - "$dir"/signed <<-'END'
	import struct, sys
	data = open(sys.argv[1], "rb").read()
	pe, = struct.unpack_from("<I", data, 60)
	count, = struct.unpack_from("<H", data, pe + 6)
	size, = struct.unpack_from("<H", data, pe + 20)
	at = [pe + 24 + size + 40 * i for i in range(count)]
	print(*[data[i:i + 8].rstrip(b"\0").decode() for i in at])
	END
}

# Anywhere: header, stage, plan, work area, payload, padding.
test_changed() {
	local size at

	size=$(stat -c %s "$dir"/pe)
	for at in 16 32 300 4096 60000 "$((size / 2))" "$((size - 1))"; do
		cp "$dir"/signed "$dir"/changed
		flip "$dir"/changed "$at"
		check "changed at $at" both_refuse "$dir"/changed
	done
	head -c "$((size - 4096))" "$dir"/signed >"$dir"/changed
	check "cut off" both_refuse "$dir"/changed
	make_key other
	check "another key" fails sbverify --cert "$dir"/other.pem \
		"$dir"/signed >/dev/null
}

# The signature then covers the initrd's digest, too.
test_initrd() {
	config
	yes initrd | head -c 300000 >"$dir"/initrd
	wrap --pe --initrd="$dir"/initrd "$dir"/Image "$dir"/with
	check "initrd" test "$status" = 0
	check "initrd" has_digest "$dir"/with "$dir"/initrd
	wrap --pe "$dir"/Image "$dir"/without
	check "no initrd" fails has_digest "$dir"/without "$dir"/initrd
	refused 'cannot read the initrd' --initrd="$dir"/missing "$dir"/Image \
		"$dir"/new
	refused 'not a regular file' --initrd=/dev/null "$dir"/Image "$dir"/new
	config 'verify = none'
	refused 'verify=stage only' --initrd="$dir"/initrd "$dir"/Image \
		"$dir"/new
}

# has_digest IMAGE FILE - is the file's SHA-256 in the image?
has_digest() {
	python3 - "$@" <<-'END'
	import hashlib, sys
	image, file = (open(name, "rb").read() for name in sys.argv[1:])
	sys.exit(hashlib.sha256(file).digest() not in image)
	END
}

# A signed image is unwrapped like any other before it is wrapped again.
test_again() {
	config
	wrap --pe "$dir"/signed "$dir"/again
	check "again" test "$status" = 0
	check "again" test "$(stat -c %s "$dir"/again)" = \
		"$(stat -c %s "$dir"/pe)"
}

test_refused() {
	config
	refused 'needs a kernel and' "$dir"/Image
	refused 'wrap-sign-command' --sign "$dir"/Image "$dir"/new
	# an interrupt ends the command; nothing stays behind
	config 'wrap-sign-command = kill -INT $PPID; kill -INT $$'
	refused 'wrap-sign-command failed' --sign "$dir"/Image "$dir"/new
	refused '--remove goes with' --remove "$dir"/Image "$dir"/new
	refused "leave out '$dir/new'" --installed=6.1 "$dir"/Image "$dir"/new
	refused "unexpected 'more'" "$dir"/Image "$dir"/new more
	refused 'No such file' "$dir"/missing "$dir"/new
	refused 'does not take --json' --json "$dir"/Image "$dir"/new
	refused 'nonsense.*abort, bypass' --smmu-policy=nonsense \
		"$dir"/Image "$dir"/new
	refused 'cannot write' "$dir"/Image "$dir"/missing/new
	refused 'Image is not a flattened device tree' --dtb="$dir"/Image \
		"$dir"/Image "$dir"/new
	export KQ_TEST_LACKS=arm64
	refused 'not arm64' "$dir"/Image "$dir"/new
	unset KQ_TEST_LACKS
}

make_machine
make_kernel
make_key site
for test in plain signed changed initrd again refused; do
	test_$test
done
[ "$failures" = 0 ]
