#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The hooks that run when a kernel is installed or removed, and what they
# run: `quiescectl wrap --installed`, with a site's own signing command.

program=$PWD/tests/unit/quiescectl-on-fake-machine
stage=$PWD/purgatory/stage.elf
srcdir=${srcdir:-.}
failures=0

for tool in dtc openssl sbsign sbverify; do
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

fails() {
	! "$@" 2>/dev/null
}

# install_hook FILE DIRECTORY - as make install does, for the program here
install_hook() {
	mkdir -p "$dir/$2" "$dir"/bin
	sed "s|@sbindir@|$dir/bin|" "$srcdir/units/kernel/$1.in" \
		>"$dir/$2/$1"
	chmod +x "$dir/$2/$1"
}

# hook PATH ARG... - run a hook; out, err and status
hook() {
	local path=$1

	shift
	KQ_TEST_ROOT=$dir/root KEXEC_QUIESCE_CONF=$dir/conf \
		timeout 60 "$dir/$path" "$@" >"$dir"/out 2>"$dir"/err
	status=$?
	check "a kernel is installed in any case" test "$status" = 0
	check "no output" test ! -s "$dir"/out
}

sign="sbsign --key '$dir/site key' --cert '$dir/site.pem' --output \"\$2\" \"\$1\""
output="$dir/images/%v/vmlinuz-%v"
image=$dir/images/6.1-x/vmlinuz-6.1-x

test_nothing_wanted() {
	config
	hook postinst.d/zz-kexec-quiesce 6.1-x "$dir"/Image
	check "silent" test ! -s "$dir"/err
	hook install.d/95-kexec-quiesce.install add 6.1-x /entry "$dir"/Image
	check "silent" test ! -s "$dir"/err
	hook install.d/95-kexec-quiesce.install remove 6.1-x /entry
	check "silent" test ! -s "$dir"/err
}

# added HOOK ARG... - writes a signed image
added() {
	rm -f "$image"
	hook "$@"
	check "$1" sbverify --cert "$dir"/site.pem "$image" >/dev/null
	check "nothing else" test "$(ls "$dir"/images/6.1-x)" = vmlinuz-6.1-x
}

# removed HOOK ARG... - removes the image
removed() {
	touch "$image"
	hook "$@"
	check "$1" test ! -e "$image"
	hook "$@"
	check "nothing to remove" test ! -s "$dir"/err
}

test_debian() {
	local postinst=postinst.d/zz-kexec-quiesce
	local postrm=postrm.d/zz-kexec-quiesce

	config "wrap-output = $output" "wrap-sign-command = $sign"
	added $postinst 6.1-x "$dir"/Image
	export DEB_MAINT_PARAMS="'configure' '6.1-w'"
	added $postinst 6.1-x "$dir"/Image
	DEB_MAINT_PARAMS="'remove'"
	removed $postrm 6.1-x "$dir"/Image
	# the package's other calls are none of ours
	hook $postinst 6.1-x "$dir"/Image
	check "not now" test ! -e "$image"
	touch "$image"
	DEB_MAINT_PARAMS="'upgrade' '6.1-w'"
	hook $postrm 6.1-x
	check "not now" test -e "$image"
	unset DEB_MAINT_PARAMS
	removed $postrm 6.1-x
}

test_kernel_install() {
	local plugin=install.d/95-kexec-quiesce.install

	config "wrap-output = $output" "wrap-sign-command = $sign"
	added $plugin add 6.1-x /entry "$dir"/Image /initrd
	removed $plugin remove 6.1-x /entry
	hook $plugin frobnicate 6.1-x
	check "unknown command" test ! -s "$dir"/err
}

# complains WORDS - the image that was there stays, and one says why
complains() {
	echo old >"$image"
	hook postinst.d/zz-kexec-quiesce 6.1-x "$dir"/Image
	check "complains" grep -q -- "$1" "$dir"/err
	check "complains" grep -q 'no quiesce image was written for kernel' \
		"$dir"/err
	check "the old one stays" test "$(cat "$image")" = old
	check "nothing left" test "$(ls "$dir"/images/6.1-x)" = vmlinuz-6.1-x
}

test_failures() {
	config "wrap-output = $output" "wrap-sign-command = echo no >&2; false"
	complains 'wrap-sign-command failed: echo no'
	config "wrap-output = $output" "wrap-sign-command = true"
	complains 'left no signed image'
	config "wrap-output = $output" 'wrap-sign-command = cp "$1" "$2"'
	complains 'left no signed image'
	config "wrap-output = $output" \
		"wrap-sign-command = $sign && printf x | dd of=\"\$2\" bs=1 seek=9000 conv=notrunc"
	complains 'was changed after it was signed'
	config "wrap-output = $dir/images/vmlinuz"
	complains 'needs a %v where'
	config "wrap-output = images/%v"
	complains 'not an absolute path'
	config "wrap-output = $output" "wrap-sign-command = $sign"
	hook postinst.d/zz-kexec-quiesce ../evil "$dir"/Image
	check "release" grep -q "'../evil' is not the release" "$dir"/err
	rm "$dir"/bin/quiescectl
	hook postinst.d/zz-kexec-quiesce 6.1-x "$dir"/Image
	check "not there any more" test ! -s "$dir"/err
	ln -s "$program" "$dir"/bin/quiescectl
}

# Without a signing command: for those who need a path and no signature
test_unsigned() {
	config "wrap-output = $output"
	hook postinst.d/zz-kexec-quiesce 6.1-x "$dir"/Image
	check "unsigned" grep -q KQPLAN "$image"
	check "unsigned" fails sbverify --cert "$dir"/site.pem "$image" \
		>/dev/null
}

make_machine
make_kernel
openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test/ \
	-keyout "$dir/site key" -out "$dir"/site.pem 2>/dev/null
install_hook zz-kexec-quiesce postinst.d
install_hook zz-kexec-quiesce postrm.d
install_hook 95-kexec-quiesce.install install.d
ln -s "$program" "$dir"/bin/quiescectl
mkdir -p "$dir"/images/6.1-x
for test in nothing_wanted debian kernel_install failures unsigned; do
	test_$test
done
[ "$failures" = 0 ]
