# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the front end on a made-up machine below $dir, with a stub in the stock
# kexec's place. Sourced, with $program, $stage and $dir set. What is in
# STUB_BEFORE and STUB_AFTER the stub does before and after it reads the image.

make_stub() {
	cat >"$dir"/stock <<'STUB'
#!/bin/sh
echo ran >>"$STUB_DIR"/ran
printf '%s\n' "$@" >"$STUB_DIR"/argv
before=
for arg; do
	case $before$arg in
	/proc/self/fd/*)
		echo "$arg" >"$STUB_DIR"/image-arg
		readlink "$arg" >"$STUB_DIR"/image-is
		eval "$STUB_BEFORE"
		cat "$arg" >"$STUB_DIR"/image || {
			echo >"$STUB_DIR"/unreadable
			exit 1
		}
		case $(readlink "$arg") in
		/memfd:* | /) (echo x >"$arg") 2>/dev/null &&
			echo writable >"$STUB_DIR"/writable ;;
		esac
		eval "$STUB_AFTER"
		;;
	--initrd*/proc/self/fd/*)
		cat "/proc/self/fd/${arg##*/}" >"$STUB_DIR"/initrd-read
		;;
	esac
	before=
	[ "$arg" != --initrd ] || before=$arg
done
cut -d ' ' -f 5 /proc/$$/stat /proc/$PPID/stat >"$STUB_DIR"/groups
[ -z "$STUB_GAP" ] || {
	echo 0 >"$KQ_TEST_ROOT"/sys/kernel/kexec_crash_loaded
	sleep "$STUB_GAP"
	echo 1 >"$KQ_TEST_ROOT"/sys/kernel/kexec_crash_loaded
}
case $STUB_EXIT in
signal) kill -TERM $$ ;;
wait)
	trap 'exit 5' USR1
	echo waiting >"$STUB_DIR"/waiting
	sleep 20 &
	wait
	;;
esac
exit "${STUB_EXIT:-0}"
STUB
	chmod +x "$dir"/stock
}

# config LINE... - the config file, beside the paths that every test needs
config() {
	printf '%s\n' "kexec = $dir/stock" "stage = $stage" "$@" \
		>"$dir"/conf
}

# kexec ARG... - run the front end, by the command that $as is if it is set;
# status, out, err, the stub's records, and fd, the image as the stub got it
kexec() {
	rm -f "$dir"/{ran,argv,image,image-arg,image-is,unreadable} \
		"$dir"/{initrd-read,writable}
	KQ_TEST_ROOT=$dir/root KEXEC_QUIESCE_CONF=$dir/conf STUB_DIR=$dir \
		timeout 60 ${as-} "$program" "$@" >"$dir"/out 2>"$dir"/err
	status=$?
	fd=$(cat "$dir"/image-arg 2>/dev/null)
}

# argv_is ARG... - is that what the stub got?
argv_is() {
	diff <(printf '%s\n' "$@") "$dir"/argv
}

# refused WORDS ARG... - one line on stderr with these words, nothing run
refused() {
	local words=$1

	shift
	kexec "$@"
	check "refuse $*" test "$status" = 1
	check "refuse $*" test ! -e "$dir"/ran
	check "refuse $*" test "$(wc -l <"$dir"/err)" = 1
	check "refuse $*" grep -q -- "$words" "$dir"/err
	check "refuse $*" test ! -s "$dir"/out
}

# loaded ARG... - quiesced, verified, and the stub got these arguments
loaded() {
	check "load" test "$status" = 0
	check "load" test ! -s "$dir"/err
	check "load" argv_is -i "$@"
	check "load" cmp -s <(tail -c 32768 "$dir"/image) "$dir"/Image
	check "load" grep -q KQPLAN "$dir"/image
	check "load" test ! -e "$dir"/writable
}
