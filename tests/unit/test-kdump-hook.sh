#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of kdump's initramfs, with stubs: what goes to the kernel's log and
# beside the dump, and that it never fails.

hook=$(cd "${srcdir:-.}" && pwd)/units/kdump/kdump-hook
tmp=$(mktemp -d) || exit 99
trap 'rm -r "$tmp"' EXIT
root=$tmp/root

fail() {
	echo "FAIL: $shell: $*" >&2
	echo "kernel's log:" >&2
	cat "$root/dev/kmsg" >&2
	exit 1
}

# An initramfs has little: cp and grep, and quiescectl perhaps.
tools() {
	rm -rf "${tmp:?}/bin"
	mkdir "$tmp/bin"
	ln -s "$(command -v cp)" "$(command -v grep)" "$tmp/bin"
}

stub_quiescectl() {
	cat >"$tmp/bin/quiescectl" <<-'END'
	#!/bin/sh
	[ -r "${3-$2}" ] || exit 1
	case $* in
	*--offenders*) for i in 1 2 3 4 5 6 7; do echo "offender $i"; done ;;
	*--verbose*) echo "all of it" ;;
	*) echo "1 function quiet"; echo "second line" ;;
	esac
	END
	chmod +x "$tmp/bin/quiescectl"
}

# A capture kernel whose dump goes to /mnt/target.
boot() {
	rm -rf "$root"
	mkdir -p "$root/sys/firmware" "$root/proc" "$root/run" "$root/dev" \
		"$root/etc" "$root/mnt/target/var/crash/127.0.0.1-old"
	printf 'chosen\0kexec-quiesce,report\0' >"$root/sys/firmware/fdt"
	printf '/dev/sda1 /mnt/target ext4 rw 0 0\nproc /proc proc rw 0 0\n' \
		>"$root/proc/mounts"
	: >"$root/dev/kmsg"
	# Time stamps tell the dump's directory: none may be of this second.
	touch -d '1 hour ago' "$root/mnt/target/var/crash/127.0.0.1-old"
}

# dump DIRECTORY - what kdump does between the two calls
dump() {
	mkdir -p "$root/mnt/target$1"
	touch -d '1 hour' "$root/mnt/target$1"
}

run() {
	# shellcheck disable=SC2086 # busybox needs a second word
	PATH=$tmp/bin KQ_HOOK_ROOT=$root "$interpreter" $dialect "$hook" "$@" ||
		fail "$*: exit status $?"
}

logged() {
	grep -q -e "^<5>kexec-quiesce: $1" "$root/dev/kmsg" ||
		fail "not logged: $1"
}

saved() {
	cmp -s "$root/sys/firmware/fdt" "$1/kexec-quiesce.dtb" ||
		fail "not saved: $1"
}

nothing_saved() {
	[ -z "$(find "$root/mnt" -type f)" ] || fail "something was saved"
}

all_cases() {
	tools
	boot
	: >"$root/sys/firmware/fdt"
	run
	dump /var/crash/new
	run 0
	nothing_saved
	rm "$root/sys/firmware/fdt"
	run 0
	nothing_saved
	[ ! -s "$root/dev/kmsg" ] || fail "no report, but a message"

	boot
	run
	logged "there is a report"
	dump /var/crash/127.0.0.1-new
	run 0
	saved "$root/mnt/target/var/crash/127.0.0.1-new"
	[ ! -e "$root/mnt/target/var/crash/127.0.0.1-old/kexec-quiesce.dtb" ] ||
		fail "an older dump got the report"
	logged "the report is in .*127.0.0.1-new/kexec-quiesce.dtb"

	boot
	printf '#path /nowhere\npath /srv/dumps\n' >"$root/etc/kdump.conf"
	run
	dump /srv/dumps/one
	run 1
	saved "$root/mnt/target/srv/dumps/one"

	# This dump has no directory here; an older one must not pass for it.
	boot
	run
	run 0
	nothing_saved
	logged "no local directory"

	# Where the directory is known; a name that is not one here.
	boot
	mkdir "$root/mnt/a b"
	run "$root/mnt/a b"
	saved "$root/mnt/a b"
	run /no/such/directory
	logged "no local directory"

	boot
	stub_quiescectl
	run
	logged "1 function quiet"
	logged "offender 5"
	[ "$(wc -l <"$root/dev/kmsg")" = 6 ] || fail "not six lines"
	dump /var/crash/127.0.0.1-new
	run 0
	grep -q "all of it" \
		"$root/mnt/target/var/crash/127.0.0.1-new/kexec-quiesce.txt" ||
		fail "no text"

	# A disk that is full.
	boot
	mkdir "$root/mnt/full"
	rm "$tmp/bin/cp"
	printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/cp"
	chmod +x "$tmp/bin/cp"
	run "$root/mnt/full"
	nothing_saved
	logged "cannot write"
}

if command -v shellcheck >/dev/null; then
	shell=shellcheck
	shellcheck "$hook" || fail "shellcheck has complaints"
fi
for shell in sh "busybox sh" bash; do
	interpreter=$(command -v "${shell%% *}") || continue
	dialect=${shell#"${shell%% *}"}
	dialect=${dialect# }
	all_cases
done
