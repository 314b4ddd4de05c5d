// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real machines: `lspci -x` dumps loaded into the simulator, once with all
 * functions planned, once with none. The dumps are in $KQ_TEST_DATA/lspci,
 * else in ../shared/data/lspci beside the source tree; without any the test
 * is skipped.
 *
 *	test-stage-lspci [DUMP...]
 */
#include <glob.h>
#include <stdlib.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define CONFIG_WORDS 64u

static struct sim_host *host_of(struct sim *sim, uint16_t segment)
{
	for (size_t i = 0; i < sim->host_count; i++)
		if (sim->hosts[i].segment == segment)
			return &sim->hosts[i];
	return sim_add_host(sim, 0x4000000000 + segment * 0x100000000ull,
			    segment, 0, 255);
}

static struct sim_function *bridge_to(const struct sim *sim,
				      const struct sim_host *host, uint8_t bus)
{
	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];

		if (fn->bridge && fn->host == host &&
		    (fn->config[PCI_PRIMARY_BUS / 4] >> 8 & 0xff) == bus)
			return fn;
	}
	return NULL;
}

static void add_function(struct sim *sim, const unsigned int address[4],
			 const uint32_t words[CONFIG_WORDS])
{
	struct sim_host *host = host_of(sim, (uint16_t)address[0]);
	struct sim_function *parent = bridge_to(sim, host, (uint8_t)address[1]);
	struct sim_function *fn =
		sim_add_function(sim, host, parent,
				 (uint8_t)(address[2] << 3 | address[3]), 0, 0);

	sim_load_config(fn, words, CONFIG_WORDS);
	if (!parent) {
		fn->root_bus = (uint8_t)address[1];
		sim_add_root_bus(host, fn->root_bus);
	}
}

static bool parse_address(const char *line, unsigned int address[4])
{
	address[0] = 0;
	return sscanf(line, "%4x:%2x:%2x.%1x ", &address[0], &address[1],
		      &address[2], &address[3]) == 4 ||
	       (address[0] = 0, sscanf(line, "%2x:%2x.%1x ", &address[1],
				       &address[2], &address[3]) == 3);
}

/* One line of sixteen bytes. */
static void parse_bytes(const char *line, uint32_t words[CONFIG_WORDS])
{
	unsigned int at, byte;
	int used;

	if (sscanf(line, "%x:%n", &at, &used) != 1)
		return;
	for (line += used; at < CONFIG_WORDS * 4; at++, line += used) {
		if (sscanf(line, " %2x%n", &byte, &used) != 1)
			return;
		words[at / 4] |= byte << 8 * (at % 4);
	}
}

/* In a dump bridges stand before what is below them. */
static bool load(struct sim *sim, const char *path)
{
	uint32_t words[CONFIG_WORDS] = { 0 };
	unsigned int address[4] = { 0 }, next[4];
	bool open = false;
	char line[512];
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		if (!parse_address(line, next)) {
			parse_bytes(line, words);
			continue;
		}
		if (open)
			add_function(sim, address, words);
		memset(words, 0, sizeof(words));
		memcpy(address, next, sizeof(address));
		open = true;
	}
	if (open)
		add_function(sim, address, words);
	fclose(file);
	return sim->function_count > 0;
}

static void check_function(const struct world *w, const struct sim_function *fn,
			   bool planned)
{
	uint32_t result = world_result(w, fn);
	bool was_on = fn->initial[PCI_COMMAND / 4] & PCI_COMMAND_MASTER;

	if (fn->bridge) {
		EXPECT_EQ(fn->bme_clears, 0);
		EXPECT_EQ(fn->flr_count, 0);
		EXPECT_EQ(result, planned ? KQ_FN_OBSERVED : UINT32_MAX);
		return;
	}
	EXPECT_EQ(fn->bme_clears, was_on);
	EXPECT(result == KQ_FN_QUIET || (planned && result == KQ_FN_RESET));
	EXPECT_EQ(fn->flr_count, result == KQ_FN_RESET);
}

static void run_dump(const char *path, bool planned)
{
	struct world w = { .options = SIM_PLAN_DEFAULT };
	unsigned int before = expect_failures, resets = 0;

	w.sim = sim_new();
	if (!load(w.sim, path)) {
		expect_failures++;
		sim_free(w.sim);
		return;
	}
	world_plan(&w);
	if (!planned)
		w.plan->functions.count = 0;
	for (size_t i = 0; i < w.sim->function_count && !planned; i++)
		w.sim->functions[i]->plan_index = -1;
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < w.sim->function_count; i++) {
		check_function(&w, w.sim->functions[i], planned);
		resets += w.sim->functions[i]->flr_count;
	}
	printf("%s %s, %s: %zu functions, %u reset\n",
	       expect_failures == before ? "ok" : "FAILED", path,
	       planned ? "planned" : "unlisted", w.sim->function_count, resets);
	world_free(&w);
}

static int run_all(size_t count, char **paths)
{
	for (size_t i = 0; i < count; i++) {
		run_dump(paths[i], true);
		run_dump(paths[i], false);
	}
	return expect_failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *data = getenv("KQ_TEST_DATA");
	char pattern[4096];
	glob_t found;
	int r;

	if (argc > 1)
		return run_all((size_t)argc - 1, argv + 1);
	if (data)
		snprintf(pattern, sizeof(pattern), "%s/lspci/*.txt", data);
	else
		snprintf(pattern, sizeof(pattern),
			 "%s/../shared/data/lspci/*.txt",
			 srcdir ? srcdir : ".");
	if (glob(pattern, 0, NULL, &found) != 0) {
		printf("no dumps at %s: skipped\n", pattern);
		return 77;
	}
	r = run_all(found.gl_pathc, found.gl_pathv);
	globfree(&found);
	return r;
}
