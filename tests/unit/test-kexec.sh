#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The front end as a whole, on a made-up machine and with a stub in the stock
# kexec's place that records its arguments and the image it is given.

program=$PWD/tests/unit/kexec-on-fake-machine
stage=$PWD/purgatory/stage.elf
srcdir=${srcdir:-.}
failures=0

command -v dtc >/dev/null || {
	echo "needs dtc (device-tree-compiler)"
	exit 77
}

dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT

. "$srcdir/tests/unit/fake-machine.sh"
. "$srcdir/tests/unit/frontend.sh"

test_passthrough() {
	config
	kexec -p "$dir"/Image '--append=a  b "c"' '' --initrd /dev/null -x
	check "pass" test "$status" = 0
	check "pass" argv_is -p "$dir"/Image '--append=a  b "c"' '' \
		--initrd /dev/null -x
	check "pass" test ! -s "$dir"/err
	kexec --frobnicate -e
	check "pass" argv_is --frobnicate -e
	kexec
	check "pass" test "$(cat "$dir"/ran)" = ran
	STUB_EXIT=7 kexec -S
	check "pass status" test "$status" = 7
	STUB_EXIT=signal kexec -S
	check "pass signal" test "$status" = 143
	# ours mean nothing when nothing is loaded, but are checked
	kexec -p -u --smmu-policy=abort
	check "pass" argv_is -p -u
	kexec -e --smmu-policy=abort "$dir"/Image
	check "pass" argv_is -e "$dir"/Image
	refused 'policy' -u --smmu-policy=nonsense
	# no kernel: stock says so
	kexec -p --smmu-policy=abort
	check "pass" argv_is -p
}

test_load() {
	config
	kexec -p --smmu-policy=abort "$dir"/Image --initrd /dev/null
	loaded -p "$fd" --initrd /dev/null
	kexec -l -- "$dir"/Image other
	check "load" argv_is -l -- "$dir"/Image other
	kexec --quiesce-bu 100 -l -- "$dir"/Image other
	loaded -l -- "$fd" other
	kexec --quiesce=bme "$dir"/Image.gz
	loaded "$fd"
	STUB_EXIT=9 kexec --quiesce=bme -f "$dir"/Image
	check "load status" test "$status" = 9
	kexec -d -p --quiesce=flr "$dir"/Image
	check "debug" grep -q '1 SMMU -> abort' "$dir"/err
	# with nothing open, the image must not become stdin
	kexec --quiesce=bme "$dir"/Image 0<&-
	check "load" test "$(sed -n 2p "$dir"/argv)" != /proc/self/fd/0
	loaded "$(sed -n 2p "$dir"/argv)"
}

# digests EXPRESSION - of the image: python, with its bytes as image, the
# initrd's as initrd, and the fields of its parameters
digests() {
	python3 -c '
import hashlib, struct, sys
def sha256(data):
    return hashlib.sha256(data).digest()
image = open(sys.argv[1] + "/image", "rb").read()
initrd = open(sys.argv[1] + "/cpio", "rb").read()
at, = struct.unpack_from("<Q", image, 40)
(payload_at, payload_size, initrd_size, flags, _, payload_sha256,
 initrd_sha256, stage_sha256) = struct.unpack_from("<QQQII32s32s32s", image,
                                                   at + 32)
payload = image[payload_at:payload_at + payload_size]
stage = image[4096:at + 128]
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$dir" "$1"
}

test_verify() {
	local i path

	config
	head -c 300000 /dev/urandom >"$dir"/cpio
	kexec -p --quiesce=flr "$dir"/Image
	check "digests" digests 'flags == 1 and payload_sha256 == sha256(payload)'
	check "digests" digests 'stage_sha256 == sha256(stage)'
	kexec -p --quiesce=flr "$dir"/Image --initrd="$dir"/cpio
	path=$(tail -n 1 "$dir"/argv)
	loaded -p "$fd" "$path"
	check "initrd" test "${path%/*}" = --initrd=/proc/self/fd
	check "initrd" cmp "$dir"/initrd-read "$dir"/cpio
	check "initrd" digests 'flags == 3 and initrd_size == len(initrd)'
	check "initrd" digests 'initrd_sha256 == sha256(initrd)'
	check "initrd" digests 'stage_sha256 == sha256(stage)'
	kexec -p --initrd "$dir"/cpio --quiesce=flr "$dir"/Image
	check "initrd" test "$(sed -n 4p "$dir"/argv | tr -d 0-9)" = \
		/proc/self/fd/
	check "initrd" cmp "$dir"/initrd-read "$dir"/cpio
	# the name may come to stand for another file, but not the file change
	STUB_AFTER='echo more >>"$STUB_DIR"/cpio' kexec -p --quiesce=flr "$dir"/Image \
		--initrd="$dir"/cpio
	check "initrd written to" test "$status" = 1
	check "initrd written to" grep -q 'load again' "$dir"/err
	refused 'cannot read the initrd' -p --quiesce=flr "$dir"/Image \
		--initrd="$dir"/nowhere
	kexec -p --quiesce-output="$dir"/image "$dir"/Image
	check "file" digests 'flags == 1'
	kexec -p --quiesce-output="$dir"/image "$dir"/Image \
		--initrd="$dir"/cpio
	check "file" digests 'flags == 3 and initrd_sha256 == sha256(initrd)'
	kexec -p --verify=none "$dir"/Image --initrd="$dir"/cpio
	check "none" test "$status" = 0
	check "none" argv_is -p "$fd" "$(tail -n 1 "$dir"/argv)"
	check "none" digests 'flags == 0 and stage_sha256 == bytes(32)'
	# whatever the stock kexec's default is
	for i in "" -a; do
		kexec -p --verify=purgatory --initrd="$dir"/cpio "$dir"/Image $i
		check "purgatory" test "$status" = 0
		check "purgatory" argv_is -p "$(sed -n 2p "$dir"/argv)" \
			"$fd" $i -c
		check "purgatory" digests 'flags == 0'
	done
	KQ_TEST_LACKS=kexec_load kexec -p --verify=purgatory "$dir"/Image
	check "purgatory" argv_is -p "$fd" -s
	check "purgatory" grep -q 'nothing is verified' "$dir"/err
	kexec -s -p --verify=purgatory "$dir"/Image
	check "purgatory" grep -q 'nothing is verified' "$dir"/err
	kexec -p --quiesce-dry-run --on-bad-digest=halt "$dir"/Image
	check "dry run" grep -q '^verified:   by the stage.*: halt$' "$dir"/out
	kexec -p --quiesce-dry-run --verify=purgatory "$dir"/Image
	check "dry run" grep -q '^verified:   by purgatory$' "$dir"/out
}

# record PYTHON-EXPRESSION - of the record r of the crash kernel
record() {
	python3 -c '
import json, os, sys
r = json.load(open(sys.argv[1]))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$dir"/root/run/kexec-quiesce/crash "$1"
}

# load_own ARG... - load the kernel that no other test uses
load_own() {
	make_own_kernel
	kexec -p --quiesce=flr "$dir"/own "$@"
}

# Served by FUSE where there is some, else from a copy in memory: the same
test_fuse() {
	local as=

	config
	load_own -c
	cp "$dir"/image "$dir"/image-served
	if grep -q memfd: "$dir"/image-is; then
		echo "SKIP: no FUSE here"
	else
		is_served
		# compressed, it is not in the file as it is
		kexec -p --quiesce=flr "$dir"/own.gz -c
		check "fuse" grep -qx / "$dir"/image-is
		check "fuse" is_own "$dir"/image
		as='setpriv --bounding-set=-sys_admin'
		load_own -c -d
		check "no fuse" grep -q 'copying the image$' "$dir"/err
	fi
	load_own -c
	check "copy" grep -q memfd: "$dir"/image-is
	check "copy" test ! -e "$dir"/writable
	check "copy" test ! -s "$dir"/err
	check "copy" is_own "$dir"/image
	check "same" is_own "$dir"/image-served
	# from then on the file is another one
	STUB_BEFORE='echo more >>"$STUB_DIR"/own' load_own -c
	check "copied" test "$status" = 0
	# these read the file when the old kernel is gone
	as=
	for option in -s -a; do
		load_own $option
		check "copy, $option" grep -q memfd: "$dir"/image-is
	done
}

# the plans' ids differ, and with them what is before the payload
is_own() {
	cmp <(tail -c 3000000 "$1") <(tail -c 3000000 "$dir"/own)
}

is_served() {
	local change

	check "fuse" grep -qx / "$dir"/image-is
	check "fuse" test ! -e "$dir"/writable
	# what is read is what was hashed, or nothing is loaded
	for change in 'truncate -s 20000 "$STUB_DIR"/own' \
		'echo more >>"$STUB_DIR"/own' \
		'echo 4 | dd of="$STUB_DIR"/own conv=notrunc seek=4000 status=none
		 touch -d @1000000000 "$STUB_DIR"/own'; do
		STUB_BEFORE=$change load_own -c
		check "fuse, $change" test "$status" = 1
		check "fuse, $change" test -e "$dir"/unreadable
		check "fuse, $change" \
			grep -q 'own is being replaced: try again$' "$dir"/err
	done
	STUB_AFTER='echo more >>"$STUB_DIR"/own' load_own -c
	check "fuse, later" test "$status" = 0
	# without the front end there is nothing to load
	STUB_BEFORE='kill -KILL $PPID' load_own -c
	check "fuse, orphaned" test "$status" = 137
	sleep 1
	check "fuse, orphaned" test -e "$dir"/unreadable
}

test_record() {
	local file=$dir/root/run/kexec-quiesce/crash

	config
	rm -f "$file"
	(cd "$dir" && kexec -p --smmu-policy=bypass Image --quiesce-br -x \
		--initrd="$dir"/conf)
	check "record" record "r['argv'][1:] == ['-p', '--smmu-policy=bypass',
		'Image', '--quiesce-br', '-x', '--initrd=$dir/conf']"
	check "record" record "r['stock_argv'] == ['$dir/stock', '-p', 'Image',
		'-x', '--initrd=$dir/conf']"
	check "record" record "r['cwd'] == '$dir'"
	check "record" record "r['settings'] == [['smmu-policy', 'bypass'],
		['quiesce-bridges', None]]"
	check "record" record "r['config'] == '$dir/conf'"
	check "record" record "r['kernel']['path'] == 'Image'"
	check "record" record "[r['kernel'][k] for k in ('inode', 'size',
		'mtime_ns')] == [(lambda s: [s.st_ino, s.st_size,
		s.st_mtime_ns])(os.stat('$dir/Image'))[i] for i in range(3)]"
	check "record" record "r['initrd']['path'] == '$dir/conf'"
	check "record" record "bytes.fromhex(r['plan']) in
		open('$dir/image', 'rb').read()"
	check "record" record "r['load_id'] in r['plan']"
	check "record: nothing was missing" record "r['gap_us'] < 500000"
	# who measures the gap looks every millisecond
	STUB_GAP=0.3 kexec -p --quiesce=flr "$dir"/Image
	check "gap" record "290000 < r['gap_us'] < 5000000"
	echo 0 >"$dir"/root/sys/kernel/kexec_crash_loaded
	STUB_GAP=0.1 kexec -p --quiesce=flr "$dir"/Image
	check "no gap" record "r['gap_us'] is None"
	check "record" record "r['initrd'] is None and r['cwd'] == os.getcwd()"
	# what does not replace the kernel leaves the record
	cp "$file" "$dir"/before
	refused 'policy' -p --smmu-policy=nonsense "$dir"/Image
	STUB_EXIT=9 kexec -p --quiesce=bme "$dir"/Image
	STUB_EXIT=9 kexec -p "$dir"/Image
	STUB_EXIT=9 kexec -p -u
	kexec -l "$dir"/Image
	kexec -u
	kexec -e
	check "record stays" cmp "$file" "$dir"/before
	kexec -l --quiesce=flr "$dir"/Image
	check "record stays" cmp "$file" "$dir"/before
	check "orderly" test -s "${file%crash}"orderly
	kexec -u
	check "unload" test ! -e "${file%crash}"orderly
	kexec -p -u
	check "unload" test ! -e "$file"
	kexec -p --quiesce=flr "$dir"/Image
	check "record" test -s "$file"
	kexec -p "$dir"/Image
	check "plain load" test ! -e "$file"
	# a load that the kernel knows nothing of is none
	echo 0 >"$dir"/root/sys/kernel/kexec_crash_loaded
	kexec -p --quiesce=flr "$dir"/Image
	check "not loaded" test "$status" = 0 -a ! -e "$file"
	check "not loaded" grep -q 'not recorded' "$dir"/err
	make_machine
	# where nothing can be written, the load succeeds all the same
	touch "$dir"/root/run
	kexec -p --quiesce=flr "$dir"/Image
	check "no record" test "$status" = 0
	check "no record" grep -q 'warning: the load was not recorded' "$dir"/err
	check "no record" test "$(wc -l <"$dir"/err)" = 1
	make_machine
}

test_child() {
	local i

	config
	kexec -p --quiesce=flr "$dir"/Image
	check "process group" test "$(sort -u "$dir"/groups | wc -l)" = 1
	STUB_EXIT=signal kexec -p --quiesce=flr "$dir"/Image
	check "child's signal" test "$status" = 143
	# what is sent to this process reaches the child
	rm -f "$dir"/waiting
	KQ_TEST_ROOT=$dir/root KEXEC_QUIESCE_CONF=$dir/conf STUB_DIR=$dir \
		STUB_EXIT=wait "$program" -p --quiesce=flr "$dir"/Image &
	for _ in $(seq 200); do
		[ -e "$dir"/waiting ] && break
		sleep 0.05
	done
	kill -USR1 $!
	wait $!
	check "signal passed on" test $? = 5
	# the second load waits for the first
	slow_load
	kexec -p --quiesce=bme "$dir"/Image
	wait
	check "one after the other" record "r['argv'][2] == '--quiesce=bme'"
	# and so does one that makes the first one's record untrue
	for i in "$dir"/Image -u; do
		slow_load
		kexec -p "$i"
		wait
		check "$i after a load" test ! -e \
			"$dir"/root/run/kexec-quiesce/crash
	done
}

# slow_load - a load in the background that has begun and takes a second
slow_load() {
	STUB_GAP=1 kexec -p --quiesce=flr "$dir"/Image &
	for _ in $(seq 1000); do
		grep -q 0 "$dir"/root/sys/kernel/kexec_crash_loaded && break
		sleep 0.05
	done
}

test_plan() {
	local file=$dir/root/run/kexec-quiesce/crash

	config
	kexec -p --smmu-policy=bypass "$dir"/Image
	cp "$file" "$dir"/before
	python3 -c "
import json
r = json.load(open('$dir/before'))
open('$dir/plan', 'wb').write(bytes.fromhex(r['plan']))"
	# even if the machine cannot be looked at any more
	mkdir -p "$dir"/root/sys/firmware/acpi/tables
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/IORT
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/MCFG
	refused 'IORT\|MCFG' -p --quiesce=flr "$dir"/Image
	kexec -p --quiesce-pl "$dir"/plan "$dir"/Image
	rm -r "$dir"/root/sys/firmware/acpi
	# the record may not say to use that plan for ever
	check "plan" record "r['argv'][1:] == ['-p', '$dir/Image']"
	kexec -d -p --quiesce-plan="$dir"/plan "$dir"/Image
	check "plan" grep -q 'SMMU -> bypass' "$dir"/err
	kexec -p --quiesce-plan="$dir"/plan "$dir"/Image
	loaded -p "$fd"
	check "plan" record "(lambda b: r['load_id'] != b['load_id'] and
		r['plan'][192:] == b['plan'][192:] and
		len(r['plan']) == len(b['plan']))(json.load(
		open('$dir/before')))"
	refused 'another kind' -l --quiesce-plan="$dir"/plan "$dir"/Image
	refused 'cannot be used' -p --quiesce-plan="$dir"/Image "$dir"/Image
	refused 'cannot read the plan' -p --quiesce-plan=/nonexistent \
		"$dir"/Image
	refused 'loading a kernel only' -u --quiesce-plan="$dir"/plan
}

# make_uki FILE [CMDLINE] - a unified kernel image with an initrd
make_uki() {
	PYTHONPATH=$srcdir/tests/e2e python3 -B - "$dir"/Image "$@" <<-'END'
		import sys, kernelfile
		kernel = open(sys.argv[1], "rb").read()
		open(sys.argv[2], "wb").write(kernelfile.uki(
		    kernel, b"an initrd", (sys.argv[3:] or [None])[0]))
	END
}

# What a unified kernel image brings along is used where nothing else is given
test_uki() {
	config
	command -v python3 >/dev/null || return
	make_uki "$dir"/uki 'console=ttyAMA0 a="b c"'
	kexec -p --quiesce=flr "$dir"/uki
	kernel=$(sed -n 5p "$dir"/argv)
	initrd=$(sed -n 2p "$dir"/argv)
	loaded "$initrd" '--command-line=console=ttyAMA0 a="b c"' -p "$kernel"
	check "initrd" test "$(cat "$dir"/initrd-read)" = 'an initrd'
	KQ_TEST_LACKS=kexec_load kexec -p --quiesce=flr "$dir"/uki --append=x
	loaded "$initrd" -p "$kernel" --append=x -s
	for option in --append=x --command-line=x --reuse-cmdline; do
		kexec -l --quiesce=flr "$dir"/uki "$option" --ramdisk=/dev/null
		loaded -l "$(sed -n 3p "$dir"/argv)" "$option" \
			--ramdisk=/dev/null
	done
	kexec -l --quiesce=flr "$dir"/uki --reuseinitrd --reuse-cmdline
	loaded -l "$(sed -n 3p "$dir"/argv)" --reuseinitrd --reuse-cmdline
	kexec -l --quiesce-dry-run "$dir"/uki
	check "dry run" grep -q '^kernel: .*uki, unified kernel image: 0' \
		"$dir"/out
	check "dry run" grep -q '^initrd: .*from the kernel file' "$dir"/out
	check "dry run" grep -q "would run: .*--initrd=INITRD-OF-KERNEL-FILE \
'--command-line=console=ttyAMA0 a=" "$dir"/out
	kexec -p --quiesce-output="$dir"/wrapped "$dir"/uki
	check "output" grep -q 'warning: .*gets the kernel only' "$dir"/err
	check "output" cmp -s <(tail -c 32768 "$dir"/wrapped) "$dir"/Image
	make_uki "$dir"/uki
	kexec -p --quiesce=flr "$dir"/uki
	loaded "$initrd" -p "$kernel"
	# the initrd needs memory, too
	echo 4194304 >"$dir"/root/sys/kernel/kexec_crash_size
	refused 'only 4 MiB' -p --quiesce=flr "$dir"/uki
	make_machine
	truncate -s -510 "$dir"/uki
	refused 'uki is truncated: its section .initrd' -p --quiesce=flr \
		"$dir"/uki
}

# region_is FILE BASE SIZE - what the plan in a quiesce image says of it
region_is() {
	python3 -c "
import struct
data = open('$1', 'rb').read()
plan = data[data.rindex(b'\x89KQPLAN\n'):]
assert struct.unpack_from('<QQ', plan, 208) == ($2, $3)"
}

test_region() {
	config
	make_machine "$region_node"
	kexec -p --quiesce=flr "$dir"/Image
	check "region" region_is "$dir"/image 0x48000000 0x10000
	python3 -c "
import json
r = json.load(open('$dir/root/run/kexec-quiesce/crash'))
open('$dir/plan', 'wb').write(bytes.fromhex(r['plan']))"
	kexec -p --quiesce-plan="$dir"/plan "$dir"/Image
	check "region of a given plan" \
		region_is "$dir"/image 0x48000000 0x10000
	kexec -l --quiesce=flr "$dir"/Image
	check "region of an orderly kexec" region_is "$dir"/image 0 0
	kexec -p --quiesce-output="$dir"/wrapped "$dir"/Image
	check "region in a file" \
		region_is "$dir"/wrapped 0x48000000 0x10000
	kexec -p --quiesce-output="$dir"/wrapped --quiesce-plan="$dir"/plan \
		"$dir"/Image
	check "region of a given plan in a file" \
		region_is "$dir"/wrapped 0x48000000 0x10000
	make_machine
}

test_config() {
	config 'smmu-policy = bypass'
	kexec -p "$dir"/Image
	loaded -p "$fd"
	kexec -u
	check "config" argv_is -u
	kexec -d -p "$dir"/Image --smmu-policy=preserve
	check "config" grep -q 'SMMU -> preserve' "$dir"/err
	kexec -l --load-preserve-context "$dir"/Image
	check "config" argv_is -l --load-preserve-context "$dir"/Image
	config 'smmu-polizei = abort'
	refused "$dir/conf" -p "$dir"/Image
	printf '%s\n' "nonsense" >"$dir"/conf
	kexec -e
	check "config" grep -q 'ignoring' "$dir"/err
	# even then the stock kexec is the one that the file names
	printf '%s\n' "nonsense" "kexec = $dir/stock" >"$dir"/conf
	kexec -p -u
	check "config" argv_is -p -u
	config 'kexec = /nonexistent/kexec'
	refused 'install kexec-tools' -e
	refused 'install kexec-tools' -p --quiesce=flr "$dir"/Image
	config "kexec = $program"
	refused 'is this program' -e
	rm "$dir"/conf
	refused "$dir/conf" -p "$dir"/Image
}

test_smmus() {
	config
	make_machine 'iommu@a000000 {
		compatible = "arm,mmu-500";
		reg = <0 0xa000000 0 0x20000>;
		#iommu-cells = <1>;
	};'
	kexec -p --quiesce-dry-run --smmu-policy=bypass "$dir"/Image
	check "SMMUs" test "$status" = 0
	check "SMMUs" grep -q '2 SMMUs -> bypass$' "$dir"/out
	check "SMMUs" test ! -s "$dir"/err
	make_machine 'iommu@a000000 {
		compatible = "qcom,smmu-500", "arm,mmu-500";
		reg = <0 0xa000000 0 0x20000>;
		#iommu-cells = <1>;
	};'
	kexec -p --quiesce-dry-run --smmu-policy=sink --smmu-probe=50 \
		"$dir"/Image
	check "SMMUs" test "$status" = 0
	check "SMMUs" grep -q 'SMMU at 0xa000000 .*leaves it alone' "$dir"/err
	check "SMMUs" grep -q 'SMMU 0x9050000 -> sink' "$dir"/out
	check "SMMUs" grep -q 'SMMU 0xa000000 -> left alone; watched for 50' \
		"$dir"/out
	kexec -p --quiesce-dry-run --smmu-probe=3000 "$dir"/Image
	check "SMMUs" test "$status" = 0
	check "SMMUs" grep -q 'warning: smmu-probe' "$dir"/err
	make_machine 'iommu@a000000 {
		compatible = "arm,smmu-v3";
		reg = <0 0xa000000 0 0x20000>;
		#iommu-cells = <1>;
	};'
	kexec -p --quiesce-dry-run "$dir"/Image
	check "SMMUs" test ! -s "$dir"/err
	check "SMMUs" grep -q '2 SMMUs -> abort' "$dir"/out
	kexec -p --quiesce-dry-run --smmu-policy=abort,0xa000000=preserve \
		"$dir"/Image
	check "SMMUs" grep -q '0x9050000 -> abort, .*0xa000000 -> preserve' \
		"$dir"/out
	make_machine
}

test_syscalls() {
	config
	KQ_TEST_LACKS=kexec_load kexec -p --quiesce=flr "$dir"/Image
	loaded -p "$fd" -s
	KQ_TEST_LACKS=kexec_load kexec -a -p --quiesce=flr "$dir"/Image
	loaded -a -p "$fd" -s
	KQ_TEST_LACKS=kexec_file_load kexec -p --quiesce=flr "$dir"/Image
	loaded -p "$fd" -c
	export KQ_TEST_LACKS=kexec_file_load
	refused 'leave out -s' -s -p --quiesce=flr "$dir"/Image
	KQ_TEST_LACKS=kexec_load
	refused 'leave out -c' -c -p --quiesce=flr "$dir"/Image
	KQ_TEST_LACKS='kexec_load kexec_file_load'
	refused 'without kexec' -p --quiesce=flr "$dir"/Image
	unset KQ_TEST_LACKS
	# a kernel that wants signatures would drop what it has before refusing
	echo 6.99-test >"$dir"/root/proc/sys/kernel/osrelease
	mkdir -p "$dir"/root/boot
	printf '%s\n' CONFIG_KEXEC_SIG=y CONFIG_KEXEC_SIG_FORCE=y \
		>"$dir"/root/boot/config-6.99-test
	kexec -p --quiesce=flr "$dir"/Image
	loaded -p "$fd" -c
	kexec -c -p --quiesce=flr "$dir"/Image
	loaded -c -p "$fd"
	# the last one counts, and scripts put theirs anywhere
	kexec -p --quiesce=flr "$dir"/Image --append=x -a
	loaded -p "$fd" --append=x -a -c
	kexec -ap --quiesce=flr -- "$dir"/Image
	loaded -ap -c -- "$fd"
	POSIXLY_CORRECT=1 kexec -p --quiesce=flr "$dir"/Image -a
	loaded -p -c "$fd" -a
	# what lacks its value must not get ours
	kexec -p --quiesce=flr "$dir"/Image --append
	loaded -p "$fd" -c --append
	kexec -p --quiesce=flr "$dir"/Image -t
	loaded -p "$fd" -c -t
	refused 'signed kernels only.*: use -c' -s -p --quiesce=flr \
		"$dir"/Image
	export KQ_TEST_LACKS=kexec_load
	refused 'signed kernels only' -p --quiesce=flr "$dir"/Image
	refused 'signed kernels only' -a -p --quiesce=flr "$dir"/Image
	KQ_TEST_LACKS=kexec_file_load
	kexec -p --quiesce=flr "$dir"/Image
	loaded -p "$fd" -c
	unset KQ_TEST_LACKS
	make_machine
}

test_bad_options() {
	config
	refused 'nonsense.*abort, bypass' -p --smmu-policy=nonsense \
		"$dir"/Image
	refused 'from 1 to 10000' -p --smmu-probe=0 "$dir"/Image
	refused '01:00' -p --quiesce-skip=01:00 "$dir"/Image
	refused 'ambiguous' -p --smmu=abort "$dir"/Image
	refused 'needs a value' -p "$dir"/Image --smmu-policy
	refused '0x1234' -p --smmu-policy=abort,0x1234=bypass "$dir"/Image
	refused 'load-preserve-context' -l --load-preserve-context \
		--quiesce=flr "$dir"/Image
	refused 'type=vmlinux' -p -t vmlinux --quiesce=flr "$dir"/Image
	refused 'loading a kernel only' -u --quiesce-dry-run
	refused 'needs a kernel' -p --quiesce-output="$dir"/o
}

test_bad_machine() {
	local kernel=$dir/root/proc/sys/kernel

	config
	export KQ_TEST_LACKS=arm64
	refused 'this machine is not arm64' -p --quiesce=flr "$dir"/Image
	refused 'this machine is not arm64' -p --quiesce-dry-run "$dir"/Image
	KQ_TEST_LACKS=permission
	refused 'needs root' -p --quiesce=flr "$dir"/Image
	unset KQ_TEST_LACKS
	echo 1 >"$kernel"/kexec_load_disabled
	refused 'kexec_load_disabled' -p --quiesce=flr "$dir"/Image
	make_machine
	echo 0 >"$kernel"/kexec_load_limit_panic
	refused 'kexec_load_limit_panic' -p --quiesce=flr "$dir"/Image
	kexec -l --quiesce=flr "$dir"/Image
	loaded -l "$fd"
	make_machine
	echo 'none [integrity] confidentiality' \
		>"$dir"/root/sys/kernel/security/lockdown
	refused 'signed kernels only (locked down: integrity)' -p --quiesce=flr "$dir"/Image
	make_machine
	echo 0 >"$dir"/root/sys/kernel/kexec_crash_size
	refused 'crashkernel=' -p --quiesce=flr "$dir"/Image
	echo 4194304 >"$dir"/root/sys/kernel/kexec_crash_size
	refused 'only 4 MiB' -p --quiesce=flr "$dir"/Image
	kexec -l --quiesce=flr "$dir"/Image
	loaded -l "$fd"
	make_machine
	truncate -s 1G "$dir"/initrd
	refused 'only 512 MiB' -p --quiesce=flr "$dir"/Image \
		--initrd="$dir"/initrd
	refused 'initrd /nonexistent' -p --quiesce=flr "$dir"/Image \
		--initrd=/nonexistent
	refused 'Image is not a flattened device tree' -p --quiesce=flr \
		"$dir"/Image --dtb "$dir"/Image
	mkdir -p "$dir"/root/sys/firmware/acpi/tables
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/IORT
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/MCFG
	refused 'IORT\|MCFG' -p --quiesce=flr "$dir"/Image
	make_machine
	echo garbage >"$dir"/root/sys/firmware/fdt
	refused 'device tree' -p --quiesce=flr "$dir"/Image
	make_machine
}

# Each wrapper with something wrong inside: nothing is run, so nothing is
# loaded. test-kernel-formats.py has all the rest.
bad_wrappers() {
	command -v python3 >/dev/null || return
	PYTHONPATH=$srcdir/tests/e2e python3 -B - "$dir" <<-'END'
		import sys, kernelfile
		wrap = kernelfile.wrap
		top = sys.argv[1] + "/bad-"
		kernel = open(sys.argv[1] + "/Image", "rb").read()
		zboot = wrap("zboot-gzip", kernel)
		uimage = bytearray(wrap("uimage-none", kernel))
		uimage[-1] ^= 1
		for name, data in (("zboot", zboot[:-400]), ("uimage", uimage),
		                   ("twice", wrap("gzip", wrap("gzip", kernel))),
		                   ("uki", kernelfile.uki(b"\177ELF" * 999))):
		    open(top + name, "wb").write(data)
	END
	refused 'bad-zboot is a truncated EFI zboot' -p --quiesce=flr \
		"$dir"/bad-zboot
	refused 'bad-uimage is damaged' -p --quiesce=flr "$dir"/bad-uimage
	refused 'bad-twice is wrapped more than once' -p --quiesce=flr \
		"$dir"/bad-twice
	refused 'bad-uki is an ELF vmlinux' -p --quiesce=flr "$dir"/bad-uki
	refused 'bad-uki is an ELF vmlinux' -p --quiesce-dry-run "$dir"/bad-uki
}

test_bad_files() {
	config
	refused 'bad cannot be opened: No such file' -p --quiesce=flr "$dir"/bad
	head -c 50 "$dir"/Image >"$dir"/bad
	refused 'bad is too short' -p --quiesce=flr "$dir"/bad
	head -c 100 "$dir"/Image.gz >"$dir"/bad
	refused "bad is truncated" -p --quiesce=flr "$dir"/bad
	cp "$program" "$dir"/bad
	refused 'bad is an ELF' -p --quiesce=flr "$dir"/bad
	{
		head -c 24 "$dir"/Image
		printf '\013'
		tail -c +26 "$dir"/Image
	} >"$dir"/bad
	refused 'bad is a big-endian' -p --quiesce=flr "$dir"/bad
	bad_wrappers
	config "stage = /nonexistent"
	refused 'stage /nonexistent' -p --quiesce=flr "$dir"/Image
	config "stage = $dir/Image"
	refused 'Image cannot be used' -p --quiesce=flr "$dir"/Image
}

test_output() {
	config
	kexec -p --quiesce-output="$dir"/wrapped "$dir"/Image.gz
	check "output" test "$status" = 0
	check "output" test ! -e "$dir"/ran
	check "output" test -s "$dir"/wrapped
	# wrapping it again in place unwraps it first
	size=$(stat -c %s "$dir"/wrapped)
	kexec -p --quiesce-output "$dir"/wrapped "$dir"/wrapped
	check "output" test "$(stat -c %s "$dir"/wrapped)" = "$size"
	kexec -p --quiesce=flr "$dir"/wrapped
	loaded -p "$fd"
	refused 'cannot write' -p --quiesce-output=/nonexistent/x "$dir"/Image
	mkdir "$dir"/directory
	refused 'cannot write' -p --quiesce-output="$dir"/directory \
		"$dir"/Image
	mkfifo "$dir"/fifo
	refused 'not a regular' -p --quiesce-output="$dir"/fifo "$dir"/Image
	check "what is no file stays" test -p "$dir"/fifo
	check "no leftovers" test -z "$(find "$dir" -name '*.??????' \
		-newer "$dir"/wrapped -name 'directory.*')"
	# an image for later needs neither permission nor reserved memory
	echo 0 >"$dir"/root/sys/kernel/kexec_crash_size
	KQ_TEST_LACKS=permission kexec -p --quiesce-output "$dir"/wrapped \
		"$dir"/Image
	check "output" test "$status" = 0
	make_machine
}

test_dry_run() {
	config
	kexec -p --quiesce-dry-run "$dir"/Image --append='a b'
	check "dry run" test "$status" = 0
	check "dry run" test ! -e "$dir"/ran
	check "dry run" grep -q "would run:  $dir/stock -i -p .*'--append=a b'" \
		"$dir"/out
	check "dry run" grep -q 'SMMU -> abort' "$dir"/out
	check "dry run" grep -q '^for: *a crash' "$dir"/out
	kexec -l --quiesce-dry-run "$dir"/Image
	check "dry run" grep -q '^for: *an orderly kexec' "$dir"/out
	echo 0 >"$dir"/root/sys/kernel/kexec_crash_size
	refused 'crashkernel=' -p --quiesce-dry-run "$dir"/Image
	make_machine
}

test_help() {
	local page=$srcdir/docs/kexec-quiesce.8

	config
	kexec --help
	check "help" test "$status" = 0
	check "help" argv_is --help
	check "help" grep -q -- --smmu-policy "$dir"/out
	kexec -v
	check "version" grep -q '^kexec-quiesce [0-9]' "$dir"/out
	check "version" argv_is -v
	# the same options in the same order in --help and in the man page
	kexec -h
	grep -o '^ *--[a-z-]*' "$dir"/out | tr -d ' ' >"$dir"/in-help
	sed -n '/^\.TP/{n;s/^\.BI\{0,1\} \\-\\-\([a-z\\-]*\).*/--\1/p}' \
		"$page" | tr -d '\\' >"$dir"/in-page
	check "help" test "$(wc -l <"$dir"/in-help)" = 12
	check "man page" diff "$dir"/in-help "$dir"/in-page
	config 'kexec = /nonexistent/kexec'
	kexec --help
	check "help without stock" test "$status" = 0
}

make_machine
make_kernel
make_stub
for test in passthrough load verify fuse uki record child plan region config smmus syscalls bad_options bad_machine \
	bad_files output dry_run help; do
	test_$test
done
[ "$failures" = 0 ]
