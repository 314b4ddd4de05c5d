// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A QEMU plugin: when is each piece of code between two addresses run for
 * the first time, and how many instructions were executed there before?
 *
 *	-plugin landmarks.so,out=FILE,low=ADDRESS,high=ADDRESS
 *
 * One line for each translation block's first run: CPU, address,
 * instructions which that CPU has executed between the two addresses, and
 * microseconds of the epoch. Code elsewhere runs unobserved, at full speed.
 *
 * Debian packages no header for plugins, so what is used of QEMU's interface
 * is declared here (version 3, QEMU 9.1; docs/devel/tcg-plugins.rst).
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_scoreboard;
typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
} qemu_plugin_u64;
enum qemu_plugin_op {
	INLINE_ADD,
	INLINE_STORE
};
enum qemu_plugin_cond {
	COND_NEVER,
	COND_ALWAYS,
	COND_EQ
};
enum qemu_plugin_cb_flags {
	NO_REGISTERS
};
typedef void trans_cb(uint64_t id, struct qemu_plugin_tb *block);
typedef void exec_cb(unsigned int cpu, void *data);

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_get(qemu_plugin_u64 entry, unsigned int cpu);
void qemu_plugin_u64_set(qemu_plugin_u64 entry, unsigned int cpu,
			 uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, trans_cb *callback);
void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct qemu_plugin_tb *block,
					       exec_cb *callback,
					       enum qemu_plugin_cb_flags flags,
					       enum qemu_plugin_cond condition,
					       qemu_plugin_u64 entry,
					       uint64_t value, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
	struct qemu_plugin_tb *block, enum qemu_plugin_op op,
	qemu_plugin_u64 entry, uint64_t value);

EXPORT int qemu_plugin_version = 3;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char **argv);

/* Blocks beyond this are counted, but tell nothing. */
#define BLOCKS 16384u

/* For each CPU: instructions so far, and whether a block has run. */
struct score {
	uint64_t instructions;
	uint64_t seen[BLOCKS];
};

static struct qemu_plugin_scoreboard *scores;
static uint64_t low, high;
static uint32_t block_count;
static FILE *out;

static qemu_plugin_u64 seen(uint32_t block)
{
	return (qemu_plugin_u64){ scores, offsetof(struct score, seen) +
						  8 * (size_t)block };
}

static qemu_plugin_u64 instructions(void)
{
	return (qemu_plugin_u64){ scores,
				  offsetof(struct score, instructions) };
}

struct block {
	uint64_t address;
	uint32_t index;
};

static void first_run(unsigned int cpu, void *data)
{
	const struct block *block = data;
	struct timespec now;

	qemu_plugin_u64_set(seen(block->index), cpu, 1);
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(out, "%u 0x%" PRIx64 " %" PRIu64 " %lld\n", cpu, block->address,
		qemu_plugin_u64_get(instructions(), cpu),
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

/* QEMU may translate on all CPUs at a time. */
static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *block;

	(void)id;
	if (address < low || address >= high)
		return;
	block = malloc(sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->index = __atomic_fetch_add(&block_count, 1, __ATOMIC_RELAXED);
	if (block->index < BLOCKS)
		qemu_plugin_register_vcpu_tb_exec_cond_cb(
			tb, first_run, NO_REGISTERS, COND_EQ,
			seen(block->index), 0, block);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
		tb, INLINE_ADD, instructions(), qemu_plugin_tb_n_insns(tb));
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			out = fopen(argv[i] + 4, "w");
		else if (strncmp(argv[i], "low=", 4) == 0)
			low = strtoull(argv[i] + 4, NULL, 0);
		else if (strncmp(argv[i], "high=", 5) == 0)
			high = strtoull(argv[i] + 5, NULL, 0);
	}
	if (!out || low >= high)
		return -1;
	setvbuf(out, NULL, _IOLBF, 0);
	scores = qemu_plugin_scoreboard_new(sizeof(struct score));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
