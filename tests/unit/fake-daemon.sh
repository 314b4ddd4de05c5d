# SPDX-License-Identifier: GPL-2.0-or-later
# quiesced on a made-up machine below $dir, with a private system bus and a
# stock kexec that does to the made-up kernel what the real one does. Sourced
# after fake-machine.sh.

daemon=$PWD/tests/unit/quiesced-on-fake-machine
front_end=$PWD/tests/unit/kexec-on-fake-machine
stage=$PWD/purgatory/stage.elf

export KQ_TEST_ROOT=$dir/root KQ_TEST_FRONT_END=$front_end
export KQ_TEST_EVENTS=$dir/events KEXEC_QUIESCE_CONF=$dir/conf
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus STUB_DIR=$dir
crash_loaded=$dir/root/sys/kernel/kexec_crash_loaded

# config LINE...
config() {
	printf '%s\n' "kexec = $dir/stock" "stage = $stage" "$@" \
		>"$dir"/conf
}

# make_stock - a stock kexec: the kernel drops what it has, then takes the new
# image; with a number in the file `fail` it fails that many times in between,
# with the file `slow` it takes that long
make_stock() {
	cat >"$dir"/stock <<'STUB'
#!/bin/sh
loaded=$KQ_TEST_ROOT/sys/kernel/kexec_crash_loaded
echo "$*" >>"$STUB_DIR"/loads
echo 0 >"$loaded"
[ ! -e "$STUB_DIR"/slow ] || sleep "$(cat "$STUB_DIR"/slow)"
left=$(cat "$STUB_DIR"/fail 2>/dev/null || echo 0)
if [ "$left" -gt 0 ]; then
	echo $((left - 1)) >"$STUB_DIR"/fail
	echo "kexec_load failed: No space left" >&2
	exit 1
fi
for arg; do
	case $arg in
	/proc/self/fd/*) cat "$arg" >"$STUB_DIR"/image ;;
	Image | "$STUB_DIR"/Image) cp "$arg" "$STUB_DIR"/image ;;
	esac
done
echo 1 >"$loaded"
STUB
	chmod +x "$dir"/stock
}

# loads - how often the stock kexec has run
loads() {
	cat "$dir"/loads 2>/dev/null | wc -l
}

# add_function BUS DEVICE [DRIVER] - a network card in that slot
add_function() {
	local name=0000:$1:$2.0
	local at=$dir/root/sys/devices/pci0000:00/$name

	mkdir -p "$at"
	{
		printf '\206\200\022\020\006\004\020\000'
		printf '\001\000\000\002\000\000\000\000'
		head -c 4080 /dev/zero
	} >"$at"/config
	echo 0x8086 >"$at"/vendor
	echo 0x1012 >"$at"/device
	echo 0x020000 >"$at"/class
	echo 0 >"$at"/irq
	for _ in 1 2 3 4 5 6 7; do
		echo 0x0 0x0 0x0
	done >"$at"/resource
	ln -sfn ../../../devices/pci0000:00/"$name" \
		"$dir"/root/sys/bus/pci/devices/"$name"
	set_driver "$1" "$2" "$3"
}

# set_driver BUS DEVICE [DRIVER] - bind or unbind it
set_driver() {
	local at=$dir/root/sys/devices/pci0000:00/0000:$1:$2.0

	rm -f "$at"/driver
	[ -z "$3" ] || ln -s ../../../bus/pci/drivers/"$3" "$at"/driver
}

remove_function() {
	rm -r "$dir"/root/sys/bus/pci/devices/0000:"$1":"$2".0 \
		"$dir"/root/sys/devices/pci0000:00/0000:"$1":"$2".0
}

# event [COUNT] - devices have changed
event() {
	head -c "${1:-1}" /dev/zero >"$KQ_TEST_EVENTS"
}

start_bus() {
	cat >"$dir"/bus.conf <<CONF
<busconfig>
  <type>system</type>
  <listen>unix:path=$dir/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow send_type="signal"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <!-- The bus shall not keep the flood from us. -->
  <limit name="max_replies_per_connection">100000</limit>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <include>$(cd "$srcdir" && pwd)/units/org.kexecquiesce1.conf</include>
</busconfig>
CONF
	rm -f "$dir"/bus
	dbus-daemon --config-file="$dir"/bus.conf --nofork --nopidfile \
		2>>"$dir"/bus.log &
	bus_pid=$!
	until_true test -S "$dir"/bus
}

stop_bus() {
	kill "$bus_pid"
	wait "$bus_pid"
	bus_pid=
}

start_daemon() {
	"$daemon" 2>>"$dir"/journal &
	daemon_pid=$!
}

# stop_daemon [SIGNAL] - and its exit status
stop_daemon() {
	kill -s "${1:-TERM}" "$daemon_pid"
	wait "$daemon_pid"
	set -- $?
	daemon_pid=
	return "$1"
}

# until_true COMMAND... - at most 20 s
until_true() {
	for _ in $(seq 400); do
		"$@" 2>/dev/null && return
		sleep 0.05
	done
	return 1
}

# property NAME - as the daemon tells it
property() {
	busctl --system get-property org.kexecquiesce1 /org/kexecquiesce1 \
		org.kexecquiesce1 "$1" 2>&1 | sed 's/^[a-z]* //; s/^"//; s/"$//'
}

# property_is NAME VALUE
property_is() {
	[ "$(property "$1")" = "$2" ]
}

# call METHOD [ARG...]
call() {
	busctl --system call org.kexecquiesce1 /org/kexecquiesce1 \
		org.kexecquiesce1 "$@" 2>&1
}
