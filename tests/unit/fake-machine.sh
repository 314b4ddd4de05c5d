# SPDX-License-Identifier: GPL-2.0-or-later
# A made-up machine and kernel below $dir, for tests of whole programs that
# are linked with fake-machine.c. Sourced.

# check WHAT COMMAND... - count a failure if the command fails, and show
# what the program last complained of
check() {
	local what=$1

	shift
	"$@" || {
		echo "FAIL: $what: $*"
		sed 's/^/    stderr: /' "$dir"/err
		failures=$((failures + 1))
	}
}

# make_machine [SMMU-NODE] - a machine with one SMMU (and one more), one ECAM
# host and no function; 512 MiB reserved
make_machine() {
	local root=$dir/root

	rm -rf "$root"
	mkdir -p "$root"/sys/firmware "$root"/sys/bus/pci/devices \
		"$root"/sys/kernel/security "$root"/proc/sys/kernel
	echo 536870912 >"$root"/sys/kernel/kexec_crash_size
	echo 1 >"$root"/sys/kernel/kexec_crash_loaded
	echo 1 >"$root"/sys/kernel/kexec_loaded
	echo '[none] integrity confidentiality' \
		>"$root"/sys/kernel/security/lockdown
	echo 0 >"$root"/proc/sys/kernel/kexec_load_disabled
	echo -1 >"$root"/proc/sys/kernel/kexec_load_limit_panic
	echo -1 >"$root"/proc/sys/kernel/kexec_load_limit_reboot
	dtc -q -I dts -O dtb -o "$root"/sys/firmware/fdt <<DTS
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	psci {
		compatible = "arm,psci-1.0";
		method = "smc";
	};
	smmu: iommu@9050000 {
		compatible = "arm,smmu-v3";
		reg = <0 0x9050000 0 0x20000>;
		#iommu-cells = <1>;
	};
	$1
	pcie@10000000 {
		compatible = "pci-host-ecam-generic";
		device_type = "pci";
		reg = <0x40 0x10000000 0 0x10000000>;
		bus-range = <0 0xff>;
		#address-cells = <3>;
		#size-cells = <2>;
		ranges = <0x2000000 0 0x10000000 0 0x10000000 0 0x2eff0000>;
		iommu-map = <0 &smmu 0 0x10000>;
		linux,pci-domain = <0>;
	};
};
DTS
}

# For make_machine: firmware keeps 64 KiB for updates of a plan.
region_node='reserved-memory {
	#address-cells = <2>;
	#size-cells = <2>;
	ranges;
	plan@48000000 {
		compatible = "kexec-quiesce,plan";
		reg = <0 0x48000000 0 0x10000>;
		no-map;
	};
};'

# make_region - that memory, with an update that an earlier boot left in each
# of the two slots
make_region() {
	mkdir -p "$dir"/root/dev
	truncate -s $((0x48010000)) "$dir"/root/dev/mem
	put_magic $((0x48000000))
	put_magic $((0x48008000))
}

put_magic() {
	printf '\211KQSLOT\n' |
		dd of="$dir"/root/dev/mem bs=8 seek=$(($1 / 8)) conv=notrunc \
			status=none
}

# slots - how many slots of the region hold something
slots() {
	for at in 0x48000000 0x48008000; do
		dd if="$dir"/root/dev/mem bs=8 skip=$((at / 8)) count=1 \
			status=none | grep -aq KQSLOT && echo
	done | wc -l
}

zeros() {
	head -c "$1" /dev/zero
}

# put_kernel NAME 64KIB - an arm64 Image of this image_size (octal, in 64 KiB)
# without an EFI stub: header, then standard input; gzipped, too
put_kernel() {
	{
		zeros 16
		printf "\\0\\0\\$2\\0\\0\\0\\0\\0"
		printf '\012\0\0\0\0\0\0\0' # flags
		zeros 24
		printf 'ARM\144\0\0\0\0'
		cat
	} >"$dir/$1"
	gzip -kf "$dir/$1"
}

# A kernel of several reads, which no other test uses
make_own_kernel() {
	seq 1000000 | head -c 3500000 | put_kernel own 100
}

make_kernel() {
	yes 'This would be code.' | head -c 32704 | put_kernel Image 2
}
