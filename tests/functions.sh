# SPDX-License-Identifier: GPL-2.0-or-later
# Shell functions shared by tests/setup, tests/demo and tests/check. Source it
# with $top set to the root of the source tree.

# Everything downloaded lives here, outside the tree.
kq_cache=${KQ_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kexec-quiesce}

kq_start=$SECONDS
kq_start_epoch=$EPOCHSECONDS

# say WORD... - one line of progress, with the seconds since the start
say() {
	printf '[%4d s] %s\n' $((SECONDS - kq_start)) "$*" >&2
}

# die WORD... - one line that says what to do, then give up
die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# host_arch - Debian's name of this machine's architecture
host_arch() {
	dpkg --print-architecture
}

# quietly LOG COMMAND... - run a command with its output in LOG; when it
# fails, show the end of LOG, so that nobody has to go and look for it
quietly() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 || {
		local rc=$?
		tail -n 25 "$log" >&2
		say "$1 failed ($rc); its whole output is in $log"
		return $rc
	}
}

# build_arm64 BUILD_DIR ROOT - build the programs for the arm64 guest in
# BUILD_DIR and install them under ROOT; cross on x86_64, native on arm64
build_arm64() {
	local build=$1 root=$2
	local -a host=()

	[ "$(host_arch)" = arm64 ] || host=(--host=aarch64-linux-gnu)
	mkdir -p "$build" || return
	[ -x "$top/configure" ] ||
		(cd "$top" && quietly "$build/autogen.log" ./autogen.sh) ||
		return
	(
		cd "$build" || exit
		[ -f Makefile ] || quietly "$PWD/configure.log" "$top/configure" \
			"${host[@]}" --prefix=/usr --sysconfdir=/etc || exit
		quietly "$PWD/make.log" make -j"$(nproc)" || exit
		quietly "$PWD/install.log" \
			make install install-guest DESTDIR="$root"
	)
}

# own_kernels - names of the kernels that tests/kernel/build makes
own_kernels() {
	(cd "$top/tests/kernel/variants" && printf '%s\n' *.config) |
		sed 's/\.config$//'
}

# own_kernel_id NAME - what this tree wants that kernel to be made from
own_kernel_id() {
	(cd "$top/tests/kernel" &&
		cat build base.config "variants/$1.config") | sha256sum
}

# own_kernels_are_cached - is there nothing to build?
own_kernels_are_cached() {
	local name

	for name in $(own_kernels); do
		[ "$(own_kernel_id "$name")" = "$(cat \
			"$kq_cache/kernel/$name/complete" 2>/dev/null)" ] ||
			return 1
	done
}
