#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# quiesced as a whole: the real daemon and the real front end on a made-up
# machine, a private system bus, and a stock kexec that models the kernel.
# With arguments: only the tests of these names. test-quiesced-killed.sh has
# those that are not run without.

srcdir=${srcdir:-.}
failures=0
daemon_pid=
bus_pid=

for program in dtc dbus-daemon busctl openssl python3 sbsign setpriv; do
	command -v "$program" >/dev/null || {
		echo "needs $program"
		exit 77
	}
done
[ "$(id -u)" = 0 ] || {
	echo "needs root: it calls the daemon as another user"
	exit 77
}

dir=$(mktemp -d) || exit
chmod 755 "$dir"
trap 'kill $daemon_pid $bus_pid 2>/dev/null; rm -rf "$dir"' EXIT

. "$srcdir/tests/unit/fake-machine.sh"
. "$srcdir/tests/unit/fake-daemon.sh"

# check WHAT COMMAND... - count a failure if the command fails
check() {
	local what=$1

	shift
	"$@" || {
		echo "FAIL: $test: $what: $*"
		tail -n 8 "$dir"/journal | sed 's/^/    journal: /'
		failures=$((failures + 1))
	}
}

# fresh [CONFIG-LINE...] - a machine with two cards, crash kernel loaded
fresh() {
	make_machine
	echo 0 >"$crash_loaded"
	rm -f "$dir"/{loads,fail,slow,journal,reloaded}
	config "$@"
	add_function 00 03 e1000e
	add_function 00 04 igb
	load
}

# load - as kdump does at boot
load() {
	(cd "$dir" && "$front_end" -p --smmu-policy=abort Image \
		2>>"$dir"/journal)
}

# begin [CONFIG-LINE...] - the same with the daemon at work
begin() {
	fresh "$@"
	start_daemon
	check "starts" until_true property_is State current
}

# settled STATE - the state is reached, and 0.3 s later it still is
settled() {
	until_true property_is State "$1" && sleep 0.3 && property_is State "$1"
}

loaded() {
	grep -q 1 "$crash_loaded"
}

loads_are() {
	[ "$(loads)" = "$1" ]
}

journal_has() {
	grep -q -- "$1" "$dir"/journal
}

# loaded_has TEXT - is that in the image that is loaded?
loaded_has() {
	grep -qa -- "$1" "$dir"/image
}

test_follows() {
	begin
	check "nothing to do at the start" loads_are 1
	check "no device, no load" property_is Functions 2
	# unchanged: nothing happens, and nobody is told of anything
	cp "$dir"/root/run/kexec-quiesce/crash "$dir"/before
	event
	sleep 1
	check "unchanged" loads_are 1
	check "unchanged" cmp "$dir"/before "$dir"/root/run/kexec-quiesce/crash
	check "unchanged" property_is Generation 0
	# 64 virtual functions at once
	for device in $(seq 8 31); do
		add_function 00 "$(printf %02x "$device")" igbvf
	done
	event 64
	check "many events" until_true property_is Functions 26
	sleep 1
	check "many events, one refresh" loads_are 2
	check "image" loaded_has igbvf
	check "generation" property_is Generation 1
	check "kind" property_is LoadedKind quiesced
	check "policy" property_is Policy abort
	check "gap" test "$(property LastRefreshGapUsec)" -gt 0
	check "time" test "$(property LastRefresh)" -gt 1700000000000000
	# one after the other
	python3 - "$KQ_TEST_EVENTS" \
		"$dir"/root/sys/devices/pci0000:00/0000:00:04.0/driver <<'PY'
import os, sys, time
events = os.open(sys.argv[1], os.O_WRONLY)
for step in range(8):
    os.unlink(sys.argv[2])
    os.symlink('../../../bus/pci/drivers/step%d' % step, sys.argv[2])
    os.write(events, b'x')
    time.sleep(0.1)
PY
	check "eight changes" until_true loaded_has step7
	check "eight changes, one refresh" loads_are 3
	remove_function 00 08
	event
	check "removed" until_true property_is Functions 25
	set_driver 00 09
	event
	check "unbound" until_true loads_are 5
	# events without a pause: not later than after five seconds
	set_driver 00 09 vfio-pci
	start=$SECONDS
	while [ $((SECONDS - start)) -lt 9 ] && loads_are 5; do
		event
		sleep 0.1
	done
	check "no pause" loads_are 6
	stop_daemon
	check "exit status" test $? = 0
	check "no complaint" test -z "$(grep '^<3>' "$dir"/journal)"
}

# An idle daemon does not wake up.
test_idles() {
	local before

	begin
	sleep 1
	before=$(grep ctxt "/proc/$daemon_pid/status")
	sleep 3
	check "idle" test "$before" = "$(grep ctxt "/proc/$daemon_pid/status")"
	stop_daemon
}

test_ladder() {
	begin
	echo 1 >"$dir"/fail
	set_driver 00 04 first
	event
	check "last good" settled last-good
	check "last good" loaded
	check "last good" loaded_has igb
	check "last good" property_is LoadedKind quiesced
	check "last good" property_is LastError \
		'kexec_load failed: No space left'
	check "shouts" journal_has '^<3>after a failure the last good plan'
	# the record of our own load is no news, whenever it is noticed
	cp "$dir"/root/run/kexec-quiesce/crash "$dir"/root/run/kexec-quiesce/x
	mv "$dir"/root/run/kexec-quiesce/{x,crash}
	sleep 1
	check "only one more load" loads_are 3
	check "only one more load" property_is State last-good
	event
	check "tries again" settled current
	check "tries again" loaded_has first
	check "error is gone" property_is LastError ''

	echo 2 >"$dir"/fail
	set_driver 00 04 second
	event
	check "plain" settled plain
	check "plain" loaded
	check "plain" cmp "$dir"/image "$dir"/Image
	check "plain" property_is LoadedKind plain
	check "plain" test "$(tail -n 1 "$dir"/loads)" = "-p Image"
	check "shouts" journal_has '^<3>after failures the plain kernel'
	event
	check "tries again" settled current
	check "tries again" loaded_has second

	echo 3 >"$dir"/fail
	set_driver 00 04 third
	event
	check "lost" settled lost
	check "lost" test "$(cat "$crash_loaded")" = 0
	check "lost" property_is LoadedKind none
	check "shouts" journal_has '^<3>.*THERE IS NO CRASH KERNEL'
	event
	check "tries again" settled current
	check "tries again" loaded_has third
	stop_daemon
}

# What the front end refuses costs nothing.
test_refused() {
	local disabled=$dir/root/proc/sys/kernel/kexec_load_disabled

	begin
	echo 1 >"$disabled"
	set_driver 00 04 first
	event
	check "refused" settled stale
	check "refused" loads_are 1
	check "refused" loaded
	check "refused" journal_has '^<3>.*kexec_load_disabled'
	echo 0 >"$disabled"
	event
	check "allowed again" settled current
	# a machine that cannot be looked at
	mkdir -p "$dir"/root/sys/firmware/acpi/tables
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/IORT
	echo garbage >"$dir"/root/sys/firmware/acpi/tables/MCFG
	event
	check "bad tables" settled stale
	check "bad tables" loaded
	check "bad tables" loads_are 2
	rm -r "$dir"/root/sys/firmware/acpi
	# a config file that has become nonsense
	config 'smmu-policy = nonsense'
	event
	check "bad config" until_true eval 'property LastError | grep -q nonsense'
	check "bad config" property_is State stale
	# and one that asks for something else
	config 'quiesce = bme'
	event
	check "new config" settled current
	check "new config" loads_are 3
	stop_daemon
}

test_bounded() {
	begin 'refresh-timeout = 1'
	echo 30 >"$dir"/slow
	set_driver 00 04 first
	event
	check "too slow" settled lost
	check "too slow" property_is LastError 'it took too long'
	rm "$dir"/slow
	event
	check "tries again" settled current
	stop_daemon
}

# The daemon waits for a load that is under way when it is told to stop.
test_stops() {
	begin
	echo 1 >"$dir"/slow
	echo 1 >"$dir"/fail
	set_driver 00 04 first
	kill -HUP "$daemon_pid"
	check "under way" until_true loads_are 2
	stop_daemon
	check "exit status" test $? = 0
	check "loaded before it ends" loaded
	check "loaded before it ends" loads_are 3
}

# What happens during a load is not forgotten.
test_busy() {
	begin
	echo 1.5 >"$dir"/slow
	set_driver 00 04 first
	kill -HUP "$daemon_pid"
	check "under way" until_true loads_are 2
	set_driver 00 04 second
	event
	check "once more" until_true loads_are 3
	check "once more" settled current
	check "once more" loaded_has second
	stop_daemon
}

test_changed() {
	local reload="echo >>$dir/reloaded; cd $dir && $front_end -p Image --quiesce=bme"

	begin "reload-command = $reload"
	# another kernel, and a device that came later
	make_kernel
	set_driver 00 04 first
	event
	check "distribution's reload" until_true loaded_has first
	check "distribution's reload" settled current
	check "once" test "$(wc -l <"$dir"/reloaded)" = 1
	check "not ours" loads_are 2
	check "new record" grep -q quiesce=bme \
		"$dir"/root/run/kexec-quiesce/crash
	# one that does not come to us
	config "reload-command = echo >>$dir/reloaded"
	make_kernel
	event
	check "goes past us" settled stale
	event
	sleep 1
	check "once" test "$(wc -l <"$dir"/reloaded)" = 2
	call Refresh >/dev/null
	check "asked for" test "$(wc -l <"$dir"/reloaded)" = 3
	config
	event
	check "no command" until_true \
		eval 'property LastError | grep -q "name a reload-command"'
	check "never ours" loads_are 2
	# it fails and takes the crash kernel with it
	config "reload-command = echo 0 >$crash_loaded; false"
	call Refresh >/dev/null
	check "a reload that fails" settled last-good
	check "a reload that fails" test \
		"$(property LastRefreshGapUsec)" -lt 60000000
	check "a reload that fails" loaded
	stop_daemon
}

# sign - Image as a signed quiesce image, with the plan of this machine
sign() {
	"$PWD"/tests/unit/quiescectl-on-fake-machine wrap --pe \
		--smmu-policy=sink "$dir"/Image "$dir"/pe &&
		sbsign --key "$dir"/site.key --cert "$dir"/site.pem \
			--output "$dir"/new "$dir"/pe >/dev/null 2>&1 &&
		mv "$dir"/new "$dir"/signed
}

# begin_signed CONFIG-LINE... - such an image is loaded; SMMU policies of the
# config file are not its own
begin_signed() {
	echo 0 >"$crash_loaded"
	rm -f "$dir"/{loads,fail,slow,journal,reloaded}
	config 'smmu-policy = abort' "$@"
	add_function 00 03 e1000e
	add_function 00 04 igb
	sign
	"$front_end" -p "$dir"/signed 2>>"$dir"/journal
	start_daemon
	check "starts" until_true property_is State current
	check "as it is" cmp "$dir"/image "$dir"/signed
}

# error_has WORDS
error_has() {
	property LastError | grep -q -- "$1"
}

# No region: it is stale, and loading it once more would change nothing.
test_signed() {
	local reload="echo >>$dir/reloaded; $front_end -p $dir/signed"

	make_machine
	begin_signed "reload-command = $reload"
	check "its policy" property_is Policy sink
	set_driver 00 04 first
	event
	check "fixed" settled stale
	check "fixed" error_has "fixed plan: run .*wrap.* and sign"
	event
	sleep 1
	call Refresh >/dev/null
	check "no loop" loads_are 1
	check "still loaded" loaded
	set_driver 00 04 igb
	event
	check "as it was" settled current
	# twice: the hook has run, or somebody signed it with another key
	for driver in second third; do
		set_driver 00 04 $driver
		sign
		event
		check "$driver image" until_true loaded_has $driver
		check "$driver image" settled current
	done
	cp "$dir"/signed "$dir"/again
	for n in 3 4; do
		cp "$dir"/again "$dir"/signed
		event
		check "the same again" until_true loads_are $((n + 1))
		check "the same again" settled current
	done
	check "by the distribution" test "$(wc -l <"$dir"/reloaded)" = 4
	# lost, it is loaded again as it is
	set_driver 00 04 fourth
	event
	check "fixed" settled stale
	rm "$dir"/loads
	echo "reload-command = echo 0 >$crash_loaded; false" >>"$dir"/conf
	sed -i '/echo >>/d' "$dir"/conf
	cp "$dir"/again "$dir"/signed
	event
	check "last good" settled last-good
	check "last good" cmp "$dir"/image "$dir"/signed
	check "last good" loads_are 1
	event
	check "fixed" settled stale
	check "fixed" loads_are 1
	stop_daemon
}

# quiescectl_does LINE... - what the daemon finds in its PATH
quiescectl_does() {
	mkdir -p "$dir"/bin
	printf '%s\n' '#!/bin/sh' "echo \"\$*\" >>$dir/wrapped" "$@" \
		>"$dir"/bin/quiescectl
	chmod +x "$dir"/bin/quiescectl
}

# The key is here: the image is written and signed anew, and loaded.
test_signed_here() {
	local PATH=$dir/bin:$PATH

	make_machine
	quiescectl_does "touch $dir/wanted" \
		"until [ -e $dir/done ]; do sleep 0.05; done" "rm $dir/done"
	begin_signed "reload-command = $front_end -p $dir/signed" \
		"wrap-output = $dir/%v" "wrap-sign-command = sbsign"
	set_driver 00 04 first
	event
	check "wrapped" until_true test -e "$dir"/wanted
	sign
	touch "$dir"/done
	check "loaded" until_true loaded_has first
	check "current" settled current
	check "once" test "$(cat "$dir"/wrapped)" = "wrap --installed=signed"
	# what does not fit then either is not tried for ever
	quiescectl_does "cp $dir/signed $dir/new" "mv $dir/new $dir/signed"
	set_driver 00 04 second
	event
	check "in vain" settled stale
	check "in vain" error_has "fixed plan"
	check "in vain" test "$(wc -l <"$dir"/wrapped)" = 2
	quiescectl_does "echo no key >&2" "exit 1"
	event
	check "failed" until_true error_has "no key"
	check "failed" settled stale
	check "failed" loaded
	# any other file is not ours to write
	echo "wrap-output = /elsewhere/%v" >>"$dir"/conf
	event
	check "not ours" until_true error_has "sign it again"
	check "not ours" test "$(wc -l <"$dir"/wrapped)" = 3
	stop_daemon
}

# With a region the plan follows, and nothing is loaded.
test_signed_region() {
	make_machine "$region_node"
	make_region
	begin_signed
	check "nothing of an earlier boot" test "$(slots)" = 0
	set_driver 00 04 first
	event
	check "in place" until_true property_is Generation 1
	check "in place" settled current
	check "in place" test "$(slots)" = 1
	check "in place" grep -qa first "$dir"/root/dev/mem
	check "its policy" property_is Policy sink
	check "in place" loads_are 1
	# the same file again: its own plan counts, until it is brought up to date
	"$front_end" -p "$dir"/signed
	check "again" until_true property_is Generation 2
	check "again" test "$(slots)" = 1
	check "again" loads_are 2
	# a daemon that starts anew in the same boot leaves it as it is
	stop_daemon
	start_daemon
	check "restarted" until_true property_is State current
	check "restarted" test "$(slots)" = 1
	check "restarted" property_is Generation 2
	# out of reach
	mv "$dir"/root/dev/mem "$dir"/mem
	set_driver 00 04 second
	event
	check "out of reach" settled stale
	check "out of reach" loads_are 2
	mv "$dir"/mem "$dir"/root/dev/mem
	stop_daemon
}

# Loaded by other tools, in a boot that knows of no load
test_old_updates() {
	make_machine "$region_node"
	make_region
	config
	rm -f "$dir"/journal
	start_daemon
	check "cleared" until_true property_is State foreign
	check "cleared" test "$(slots)" = 0
	# once
	make_region
	event
	sleep 1
	check "at the start" test "$(slots)" = 2
	stop_daemon
	rm "$dir"/root/dev/mem
	start_daemon
	check "out of reach" until_true journal_has '^<4>what an earlier boot'
	check "out of reach" until_true property_is State foreign
	stop_daemon
}

# show_memory IMAGE - /proc/iomem and /proc/kcore with it loaded
show_memory() {
	echo '  40000000-47ffffff : Crash kernel' >"$dir"/root/proc/iomem
	python3 - "$1" "$dir"/root/proc/kcore <<'PY'
import struct, sys
image = open(sys.argv[1], 'rb').read().ljust(0x8000000, b'\0')
elf = struct.pack('<16sHHIQQQIHHHHHH', b'\177ELF\2\1\1', 4, 183, 1, 0, 64, 0,
                  0, 64, 56, 1, 0, 0, 0)
load = struct.pack('<IIQQQQQQ', 1, 6, 4096, 0, 0x40000000, len(image),
                   len(image), 0)
open(sys.argv[2], 'wb').write((elf + load).ljust(4096, b'\0') + image)
PY
}

test_foreign() {
	begin
	# seen in memory: it is ours, then it is not
	show_memory "$dir"/image
	event
	sleep 1
	check "ours" property_is State current
	show_memory "$dir"/Image
	set_driver 00 04 first
	event
	check "left alone" settled foreign
	check "left alone" property_is LoadedKind plain
	check "left alone" loads_are 1
	config 'adopt = yes'
	event
	check "adopted" until_true loads_are 2
	rm "$dir"/root/proc/{iomem,kcore}
	event
	check "adopted" settled current
	# a plain load by our front end: its record goes, which is noticed
	(cd "$dir" && "$front_end" -p Image)
	config
	check "plain load" settled foreign
	check "plain load" property_is LoadedKind unknown
	event
	sleep 1
	check "plain load" loads_are 3
	config 'adopt = yes' "reload-command = cd $dir; $front_end -p --quiesce=flr Image"
	event
	check "adopted by reload" settled current
	# unloaded: that is what somebody wants
	"$front_end" -p -u 2>/dev/null
	echo 0 >"$crash_loaded"
	event
	check "unloaded" settled unloaded
	check "unloaded" property_is LoadedKind none
	count=$(loads)
	set_driver 00 04 second
	event
	sleep 1
	check "stays unloaded" loads_are "$count"
	load
	check "loaded by hand" settled current
	stop_daemon
	# what is adopted must be the files that were loaded
	begin 'adopt = yes'
	make_kernel
	show_memory "$dir"/Image
	event
	check "another kernel" until_true \
		eval 'property LastError | grep -q "name a reload-command"'
	check "another kernel" loads_are 1
	stop_daemon
}

# whole_files - what the daemon and the front end keep can be read
whole_files() {
	python3 - "$dir"/root/run/kexec-quiesce <<'PY'
import json, os, sys
for name in ('crash', 'state'):
    path = os.path.join(sys.argv[1], name)
    if os.path.exists(path):
        json.load(open(path))
PY
}

# load_is_over - nobody is loading, and a crash kernel is there
load_is_over() {
	flock -n "$dir"/root/run/kexec-quiesce/lock true && loaded
}

test_killed() {
	fresh
	echo 0.03 >"$dir"/slow
	RANDOM=1
	for round in $(seq 100); do
		set_driver 00 04 "round$round"
		start_daemon
		sleep "0.$(printf %03d $((RANDOM % 350)))"
		kill -KILL "$daemon_pid"
		wait "$daemon_pid" 2>/dev/null
		check "files after kill $round" whole_files
		check "loaded after kill $round" until_true load_is_over
	done
	check "it was at work" test "$(loads)" -gt 20
	rm "$dir"/slow
	start_daemon
	check "goes on" settled current
	check "goes on" loaded_has round100
	stop_daemon
	check "no leftovers" test -z "$(find "$dir"/root/run/kexec-quiesce \
		-name '*.??????')"
}

# Killed between the failure that cost the kernel and the second try.
test_killed_in_need() {
	fresh
	echo 1 >"$dir"/fail
	echo 0.5 >"$dir"/slow
	set_driver 00 04 first
	start_daemon
	check "under way" until_true loads_are 2
	kill -KILL "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	check "lost" until_true flock -n \
		"$dir"/root/run/kexec-quiesce/lock true
	check "lost" test "$(cat "$crash_loaded")" = 0
	start_daemon
	check "loaded again" settled current
	check "loaded again" loaded_has first
	stop_daemon
	# the same for the plain kernel, which must not pass for ours
	echo 0 >"$dir"/slow
	begin
	echo 2 >"$dir"/fail
	set_driver 00 04 first
	event
	check "plain" settled plain
	kill -KILL "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	set_driver 00 04 igb
	start_daemon
	check "not for ever" settled current
	check "not for ever" loaded_has KQPLAN
	stop_daemon
}

nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@" 2>&1
}

# as_nobody METHOD [ARG...]
as_nobody() {
	nobody busctl --system call org.kexecquiesce1 /org/kexecquiesce1 \
		org.kexecquiesce1 "$@"
}

test_callers() {
	local rude=$PWD/tests/unit/bus-client out

	begin
	check "root" test "$(call Refresh)" = 's "current"'
	check "reading" grep -q 0000:00:04.0 <<<"$(as_nobody List)"
	check "reading" grep -q bus-master-off <<<"$(as_nobody Plan)"
	check "reading" grep -q reports <<<"$(as_nobody ListReports)"
	check "no refresh" grep -q 'Access denied' <<<"$(as_nobody Refresh)"
	check "no writing" grep -qi 'read-only\|not writable' <<<"$(busctl \
		--system set-property org.kexecquiesce1 /org/kexecquiesce1 \
		org.kexecquiesce1 Policy s bypass 2>&1)"
	check "bad name" grep -q 'no kept report' <<<"$(call GetReport s ../x)"
	check "long name" grep -q 'shorter' \
		<<<"$(call GetReport s "$(printf %0100000d 1)")"
	out=$(nobody "$rude" 100 GetReport 1000000)
	check "huge names" test "$out" = "0 answered, 100 refused, 0 lost"
	out=$(nobody "$rude" 10000 Refresh)
	check "flood of Refresh" test "$out" = "0 answered, 10000 refused, 0 lost"
	check "no load" loads_are 1
	nobody "$rude" 10000 List >"$dir"/flood &
	set_driver 00 04 first
	event
	check "work goes on" until_true loads_are 2
	wait $!
	check "flood of List" grep -q '^10000 answered' "$dir"/flood
	# more callers than may wait
	echo 1 >"$dir"/slow
	set_driver 00 04 second
	out=$("$rude" 100 Refresh)
	check "many callers" test "$out" = "32 answered, 68 refused, 0 lost"
	check "alive" property_is State current
	stop_daemon
	check "exit status" test $? = 0
}

# polkit YES|NO - it answers so from now on
polkit() {
	tests/unit/fake-polkit "$1" &
	polkit_pid=$!
	until_true busctl --system status org.freedesktop.PolicyKit1 \
		>/dev/null
}

test_polkit() {
	begin
	polkit no
	check "no" grep -q 'Access denied' <<<"$(as_nobody Refresh)"
	kill "$polkit_pid"
	wait "$polkit_pid"
	polkit yes
	set_driver 00 04 first
	check "yes" test "$(as_nobody Refresh)" = 's "current"'
	check "yes" loads_are 2
	kill "$polkit_pid"
	wait "$polkit_pid"
	check "gone" grep -q 'Access denied' <<<"$(as_nobody Refresh)"
	stop_daemon
	check "exit status" test $? = 0
}

test_interface() {
	begin
	busctl --system introspect --xml-interface org.kexecquiesce1 \
		/org/kexecquiesce1 >"$dir"/is.xml
	check "introspection" python3 - "$dir"/is.xml \
		"$srcdir"/units/org.kexecquiesce1.xml <<'PY'
import sys, xml.etree.ElementTree as tree

def members(path):
    for interface in tree.parse(path).getroot().iter('interface'):
        if interface.get('name') == 'org.kexecquiesce1':
            return [(m.tag, sorted(m.items()),
                     [sorted(a.items()) for a in m.iter('arg')])
                    for m in interface]

there, written = members(sys.argv[1]), members(sys.argv[2])
there = sorted(m for m in there or [])
written = sorted(m for m in written or [])
for m in there:
    if m not in written:
        print('not in the file:', m)
for m in written:
    if m not in there:
        print('not there:', m)
sys.exit(not there or there != written)
PY
	stop_daemon
}

test_bus() {
	begin
	stop_bus
	check "alive" kill -0 "$daemon_pid"
	set_driver 00 04 first
	event
	check "works without a bus" until_true loads_are 2
	start_bus
	check "back" until_true property_is Generation 1
	# twice, and with a daemon that starts first
	stop_bus
	stop_daemon
	check "exit status without a bus" test $? = 0
	start_daemon
	sleep 0.5
	start_bus
	check "back" until_true property_is State current
	stop_daemon
}

test_ctl() {
	local ctl=$PWD/quiescectl

	begin
	check "status" "$ctl" status >"$dir"/out
	check "status" grep -q '^State: *current: the loaded plan' "$dir"/out
	check "status" grep -q '^Functions: *2$' "$dir"/out
	"$ctl" status --json >"$dir"/out
	check "json" python3 -c "
import json
s = json.load(open('$dir/out'))
assert s['state'] == 'current' and s['functions'] == 2, s
assert s['policy'] == 'abort' and s['last_error'] == '', s"
	"$ctl" monitor >"$dir"/monitor &
	monitor=$!
	check "monitor" until_true grep -q "state='current'" "$dir"/monitor
	set_driver 00 04 first
	check "refresh" "$ctl" refresh >"$dir"/out
	check "refresh" grep -q '^State: *current' "$dir"/out
	check "refresh" loads_are 2
	check "monitor" until_true grep -q 'generation=1' "$dir"/monitor
	check "monitor" grep -q "state='refreshing'" "$dir"/monitor
	kill "$monitor"
	wait "$monitor"
	check "monitor ends by its signal" test $? = 143
	echo 3 >"$dir"/fail
	set_driver 00 04 second
	"$ctl" refresh >"$dir"/out
	check "bad refresh" test $? = 1
	"$ctl" status >"$dir"/out
	check "bad status" test $? = 1
	check "bad status" grep -q '^State: *lost: .*NO CRASH KERNEL' "$dir"/out
	check "bad status" grep -q '^Error: *kexec_load failed' "$dir"/out
	nobody "$ctl" refresh >"$dir"/out
	check "not allowed" test $? = 1
	check "not allowed" grep -q 'CAP_SYS_BOOT' "$dir"/out
	stop_daemon
	"$ctl" status >"$dir"/out 2>&1
	check "no daemon" test $? = 1
	check "no daemon" grep -q 'quiesced is not running' "$dir"/out
}

make_kernel
make_stock
openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test/ \
	-keyout "$dir"/site.key -out "$dir"/site.pem 2>/dev/null
mkfifo "$dir"/events
start_bus
for test in ${*:-follows idles ladder refused changed signed signed_here \
	signed_region old_updates foreign callers polkit interface bus ctl}; do
	declare -F "test_$test" >/dev/null || {
		echo "no such test: $test"
		exit 1
	}
	test_"$test"
done
[ "$failures" = 0 ]
