#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The front end and signatures: a signed quiesce image is passed on as it is,
# and what a kernel would refuse is refused before the kernel sees it.

program=$PWD/tests/unit/kexec-on-fake-machine
ctl=$PWD/tests/unit/quiescectl-on-fake-machine
stage=$PWD/purgatory/stage.elf
srcdir=${srcdir:-.}
failures=0

for tool in dtc openssl sbsign; do
	command -v $tool >/dev/null || {
		echo "needs $tool: run tests/setup"
		exit 77
	}
done

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
. "$srcdir/tests/unit/fake-machine.sh"
. "$srcdir/tests/unit/frontend.sh"

# kernel_config OPTION... - of the running kernel
kernel_config() {
	echo 6.99-test >"$dir"/root/proc/sys/kernel/osrelease
	mkdir -p "$dir"/root/boot
	printf '%s\n' "$@" >"$dir"/root/boot/config-6.99-test
}

lockdown() {
	echo 'none [integrity] confidentiality' \
		>"$dir"/root/sys/kernel/security/lockdown
}

# wrap OUT ARG... - a signed quiesce image
wrap() {
	local out=$1

	shift
	KQ_TEST_ROOT=$dir/root KEXEC_QUIESCE_CONF=$dir/conf \
		"$ctl" wrap --pe "$@" "$dir"/Image "$out".pe &&
		sbsign --key "$dir"/site.key --cert "$dir"/site.pem \
			--output "$out" "$out".pe >/dev/null 2>&1
}

# unchanged FILE ARG... - the stub got this file, and these arguments
unchanged() {
	local file=$1

	shift
	check "unchanged" test "$status" = 0
	check "unchanged" test ! -s "$dir"/err
	check "unchanged" argv_is "$@"
	check "unchanged" cmp -s "$dir"/image "$file"
}

# fd_of - the descriptor the stub got
fd_of() {
	grep -o '/proc/self/fd/[0-9]*' "$dir"/argv
}

test_passed_on() {
	config 'smmu-policy = bypass'
	kexec -p "$dir"/signed --initrd=/dev/null
	unchanged "$dir"/signed -p "$(fd_of)" --initrd=/dev/null
	kexec -d -p "$dir"/signed
	check "debug" grep -q 'signed quiesce image: .*-> sink' "$dir"/err
	kexec -p --quiesce-dry-run "$dir"/signed
	check "dry run" test ! -e "$dir"/ran
	check "dry run" grep -q 'signed, signed: loaded as it is' "$dir"/out
	check "dry run" grep -q 'SMMU -> sink' "$dir"/out
	# with nothing open, the image must not become stdin
	kexec -p "$dir"/signed 0<&-
	unchanged "$dir"/signed -p "$(fd_of)"
	# to be wrapped again, it is unwrapped
	kexec -p --quiesce-output="$dir"/again "$dir"/signed
	check "again" grep -q KQPLAN "$dir"/again
	check "again" test "$(stat -c %s "$dir"/again)" -lt \
		"$(stat -c %s "$dir"/signed)"
}

test_fixed() {
	config
	refused 'fixed in it: leave out --smmu-policy' -p \
		--smmu-policy=abort "$dir"/signed
	refused 'fixed in it: leave out --quiesce-plan' -p \
		--quiesce-plan="$dir"/conf "$dir"/signed
	config 'smmu-policy = sink'
	refused 'made for kexec -p' -l "$dir"/signed
	wrap "$dir"/orderly --orderly
	refused 'made for kexec -l' -p "$dir"/orderly
	kexec -l "$dir"/orderly
	unchanged "$dir"/orderly -l "$(fd_of)"
	echo 4194304 >"$dir"/root/sys/kernel/kexec_crash_size
	refused 'only 4 MiB' -p "$dir"/signed
	make_machine
}

# in_record FIELD - of the crash kernel
in_record() {
	python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$dir"/root/run/kexec-quiesce/crash "$1"
}

# The same as of other loads; the plan is the file's.
test_recorded() {
	config 'smmu-policy = bypass'
	kexec -p "$dir"/signed
	check "record" test "$(in_record fixed)" = True
	check "record" test "$(in_record settings)" = "[]"
	check "the file's plan" python3 -c "
import sys
assert bytes.fromhex(sys.argv[1]) in open('$dir/signed', 'rb').read()" \
		"$(in_record plan)"
	check "the file" grep -q "\"path\": \"$dir/signed\"" \
		"$dir"/root/run/kexec-quiesce/crash
	kexec -p "$dir"/Image
	check "no signature" test "$(in_record fixed)" = False
}

# What an earlier boot wrote for it would look like this one's
test_region() {
	config 'smmu-policy = sink'
	make_machine "$region_node"
	make_region
	wrap "$dir"/updated
	wrap "$dir"/orderly --orderly
	check "wrapping" test "$(slots)" = 2
	kexec -p --quiesce-dry-run "$dir"/updated
	check "dry run" test "$(slots)" = 2
	refused 'fixed in it: leave out --quiesce' -p --quiesce=bme \
		"$dir"/updated
	kexec -l "$dir"/orderly
	check "orderly" test "$(slots)" = 2
	# the ids of such a load are new ones
	kexec -p --quiesce=flr "$dir"/Image
	check "made anew" test "$(slots)" = 2
	kexec -p "$dir"/updated
	unchanged "$dir"/updated -p "$(fd_of)"
	check "cleared" test "$(slots)" = 0
	# out of reach: it is loaded, and nobody says that all is well
	rm "$dir"/root/dev/mem
	kexec -p "$dir"/updated
	check "out of reach" test "$status" = 0
	check "out of reach" cmp -s "$dir"/image "$dir"/updated
	check "out of reach" test "$(wc -l <"$dir"/err)" = 1
	check "out of reach" grep -q 'warning: an update .* earlier boot .*DEVMEM' \
		"$dir"/err
	make_machine
}

# What the kernel would find out only after it dropped what it has
test_changed() {
	local size

	config 'smmu-policy = sink'
	size=$(stat -c %s "$dir"/signed.pe)
	for at in 16 4096 60000 "$((size - 1))"; do
		{
			head -c "$at" "$dir"/signed
			printf '\252'
			tail -c +"$((at + 2))" "$dir"/signed
		} >"$dir"/changed
		refused 'changed was changed after it was signed: run' \
			-p "$dir"/changed
	done
	for at in 100 "$size" "$((size / 2))" "$((size + 5))"; do
		head -c "$((size + 1500 - at))" "$dir"/signed >"$dir"/changed
		refused 'changed \(is damaged\|is too short\|is trunc\)' \
			-p "$dir"/changed
	done
	{ cat "$dir"/signed && echo more; } >"$dir"/changed
	refused 'changed is damaged: its signature' -p "$dir"/changed
}

test_lockdown() {
	config 'smmu-policy = sink'
	lockdown
	kexec -p "$dir"/signed
	unchanged "$dir"/signed -p "$(fd_of)" -s
	kexec -p "$dir"/signed -a
	unchanged "$dir"/signed -p "$(fd_of)" -a -s
	kexec -s -p "$dir"/signed
	unchanged "$dir"/signed -s -p "$(fd_of)"
	refused 'forbids kexec_load (locked down: integrity)' -c -p \
		"$dir"/signed
	refused 'signed kernels only (locked down: integrity): sign' -p \
		"$dir"/Image
	refused 'signed kernels only' -c -p "$dir"/Image
	refused 'signed kernels only' -p "$dir"/signed.pe
	KQ_TEST_LACKS=kexec_file_load
	export KQ_TEST_LACKS
	refused 'kexec_file_load, which it does not have' -p "$dir"/signed
	unset KQ_TEST_LACKS
	kernel_config CONFIG_KEXEC_SIG=y
	refused 'without CONFIG_KEXEC_IMAGE_VERIFY_SIG' -p "$dir"/signed
	make_machine
}

test_forced() {
	config 'smmu-policy = sink'
	kernel_config CONFIG_KEXEC_SIG=y CONFIG_KEXEC_SIG_FORCE=y \
		CONFIG_KEXEC_IMAGE_VERIFY_SIG=y
	kexec -p "$dir"/signed
	unchanged "$dir"/signed -p "$(fd_of)" -s
	kexec -c -p "$dir"/signed
	unchanged "$dir"/signed -c -p "$(fd_of)"
	refused 'use -c, or sign one with' -s -p "$dir"/Image
	make_machine
}

# IMA looks for its signature in the file's attributes
test_ima() {
	config 'smmu-policy = sink'
	mkdir -p "$dir"/root/sys/kernel/security/ima
	echo 'appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig' \
		>"$dir"/root/sys/kernel/security/ima/policy
	refused 'security.ima (IMA policy)' -p "$dir"/signed
	refused 'security.ima (IMA policy)' -p "$dir"/Image
	cp "$dir"/signed.pe "$dir"/appraised
	set_ima 1 && {
		refused 'security.ima (IMA policy)' -p "$dir"/appraised
		set_ima 3
		kexec -p "$dir"/appraised
		unchanged "$dir"/appraised -p "$(fd_of)" -s
		damaged_appraised
	}
	make_machine
}

# There is no digest to compare, but sizes
damaged_appraised() {
	truncate -s -600 "$dir"/appraised
	refused 'appraised is damaged: it is not all there' -p "$dir"/appraised
	# so much that it is nothing once a little is added
	{
		head -c 16 "$dir"/signed.pe
		printf '\0\0\377\377\377\377\377\377'
		tail -c +25 "$dir"/signed.pe
	} >"$dir"/appraised
	set_ima 3
	refused 'appraised is damaged' -p "$dir"/appraised
}

# set_ima TYPE - an attribute of that type; not everybody may
set_ima() {
	python3 - "$dir"/appraised "$1" <<-'END' 2>/dev/null
	import os, sys
	os.setxattr(sys.argv[1], "security.ima", bytes([int(sys.argv[2])] * 40))
	END
}

make_machine
make_kernel
make_stub
openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test/ \
	-keyout "$dir"/site.key -out "$dir"/site.pem 2>/dev/null
config
wrap "$dir"/signed --smmu-policy=sink || exit
for test in passed_on fixed recorded region changed lockdown forced ima; do
	test_$test
done
[ "$failures" = 0 ]
