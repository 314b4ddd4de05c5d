// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/describe.h"

#include <stdlib.h>
#include <string.h>

#include "kexec/run.h"

static const char help[] =
	"Usage: kexec [OPTION]... [kernel]\n"
	"Load a kernel that starts on quiet devices, or pass on to the stock "
	"kexec\n"
	"\n"
	"     --smmu-policy=POLICY[,BASE=POLICY]...\n"
	"                      Leave the SMMUs as abort, bypass, preserve or "
	"sink;\n"
	"                      BASE is the address of one of them (default "
	"abort).\n"
	"     --smmu-probe=MS  Watch that long for devices that still write, "
	"and name\n"
	"                      them in the report.\n"
	"     --quiesce=LEVEL  How far to go with each function: none, bme "
	"(bus\n"
	"                      master off) or flr (and reset; default).\n"
	"     --quiesce-skip=BDF[,BDF]...\n"
	"                      Leave these functions alone.\n"
	"     --quiesce-budget=MS\n"
	"                      Upper bound of all waits (default 2000).\n"
	"     --quiesce-console=WHERE\n"
	"                      Print progress: none (default), auto, "
	"pl011@ADDR or\n"
	"                      uart8250@ADDR.\n"
	"     --quiesce-bridges\n"
	"                      Switch off bridges above functions that "
	"resist.\n"
	"     --verify=WHO     Who verifies kernel and initrd before they run: "
	"stage\n"
	"                      (default), purgatory or none.\n"
	"     --on-bad-digest=WHAT\n"
	"                      What the stage does if they were damaged: reset "
	"(default),\n"
	"                      halt or boot.\n"
	"     --quiesce-dry-run\n"
	"                      Check everything, say what would be loaded, "
	"load nothing.\n"
	"     --quiesce-output=FILE\n"
	"                      Write the image to FILE, load nothing.\n"
	"     --quiesce-plan=FILE\n"
	"                      Use this plan instead of making one.\n"
	"\n"
	"Any of them, or a setting in the config file, makes a load a quiesced "
	"one.\n"
	"See kexec-quiesce(8). All other options are the stock kexec's:\n"
	"\n";

struct plan_counts {
	unsigned int functions; /* bridges not counted */
	unsigned int bridges;
	unsigned int resets;
	unsigned int skipped;
	unsigned int unreachable;
};

void kq_describe_help(FILE *out)
{
	fputs(help, out);
}

static struct plan_counts count_functions(const struct kq_plan_header *plan)
{
	const struct kq_plan_function *fn = kq_plan_functions(plan);
	struct plan_counts counts = { 0 };

	for (uint32_t i = 0; i < plan->functions.count; i++, fn++) {
		if (fn->flags & KQ_FN_BRIDGE) {
			counts.bridges++;
			continue;
		}
		counts.functions++;
		if (fn->host == KQ_NONE)
			counts.unreachable++;
		else if (fn->flags & KQ_FN_SKIP)
			counts.skipped++;
		else if (plan->quiesce == KQ_QUIESCE_FLR &&
			 (fn->flags & (KQ_FN_FLR | KQ_FN_AF_FLR)))
			counts.resets++;
	}
	return counts;
}

static double mib(uint64_t bytes)
{
	return (double)bytes / (1024 * 1024);
}

static const char *plural(unsigned int count)
{
	return count == 1 ? "" : "s";
}

static void describe_functions(FILE *out, const struct kq_plan_header *plan)
{
	struct plan_counts counts = count_functions(plan);

	fprintf(out, "%u function%s (%u with FLR", counts.functions,
		plural(counts.functions), counts.resets);
	if (counts.skipped)
		fprintf(out, ", %u skipped", counts.skipped);
	if (counts.unreachable)
		fprintf(out, ", %u out of reach", counts.unreachable);
	fprintf(out, "), %u bridge%s", counts.bridges, plural(counts.bridges));
}

static const char *smmu_outcome(const struct kq_plan_smmu *smmu)
{
	return kq_image_handles_smmu(smmu) ? kq_policy_name(smmu->policy)
					   : "left alone";
}

/* "2 SMMUs -> abort", or each one's outcome if they differ. */
static void describe_smmus(FILE *out, const struct kq_plan_header *plan)
{
	const struct kq_plan_smmu *smmus = kq_plan_smmus(plan);
	uint32_t count = plan->smmus.count;
	bool same = true;

	for (uint32_t i = 1; i < count; i++)
		same = same && !strcmp(smmu_outcome(&smmus[i]),
				       smmu_outcome(&smmus[0]));
	if (count == 0)
		fputs("no SMMU", out);
	else if (same)
		fprintf(out, "%u SMMU%s -> %s", count, plural(count),
			smmu_outcome(&smmus[0]));
	else
		for (uint32_t i = 0; i < count; i++)
			fprintf(out, "%sSMMU 0x%llx -> %s", i ? ", " : "",
				(unsigned long long)smmus[i].base,
				smmu_outcome(&smmus[i]));
}

static double memory_of(const struct kq_load *load)
{
	return mib(kq_load_is_signed(load) ? load->signed_image.image_size
					   : load->image.layout.image_size);
}

void kq_describe_summary(FILE *out, const struct kq_load *load)
{
	const struct kq_plan_header *plan = kq_load_plan(load);

	fprintf(out, "%squiesce image: ",
		kq_load_is_signed(load) ? "signed " : "");
	if (plan) {
		describe_functions(out, plan);
		fputs(", ", out);
		describe_smmus(out, plan);
		fprintf(out, ", plan %.1f KiB, ", plan->total_size / 1024.0);
	}
	fprintf(out, "needs %.1f MiB", memory_of(load));
}

static void describe_kernel(FILE *out, const struct kq_load *load)
{
	const struct kq_kernel_file *kernel = &load->image.kernel;

	fprintf(out, "kernel:     %s, ", kernel->path);
	if (kernel->kind[0])
		fprintf(out, "%s: ", kernel->kind);
	fprintf(out, "%.1f MiB, needs %.1f MiB\n", mib(kernel->size),
		mib(kernel->info.image_size));
	if (load->own_initrd)
		fprintf(out, "initrd:     %.1f MiB, from the kernel file\n",
			mib(kernel->initrd.size));
	if (load->own_cmdline)
		fputs("cmdline:    from the kernel file\n", out);
}

/* The command line that would be run. */
static char *stock_command(const struct kq_options *options,
			   const struct kq_settings *settings,
			   const struct kq_load *load)
{
	struct kq_stock_load stock = kq_load_stock(load, options, 0);

	if (load->own_initrd) { /* it is only named */
		stock.initrd_fd = 0;
		stock.add_initrd = true;
	} else {
		stock.initrd_fd = -1;
	}
	return kq_run_command(settings->kexec_path, options, &stock);
}

static void describe_plan(FILE *out, const struct kq_plan_header *plan)
{
	fprintf(out, "for:        %s\n",
		plan->kind == KQ_PLAN_CRASH
			? "a crash (kexec -p)"
			: "an orderly kexec: only functions still active");
	fputs("devices:    ", out);
	describe_functions(out, plan);
	fprintf(out, "; quiesce=%s, at most %u ms\n",
		kq_quiesce_name((enum kq_quiesce)plan->quiesce),
		plan->budget_ms);
	fputs("SMMUs:      ", out);
	describe_smmus(out, plan);
	if (plan->probe_ms)
		fprintf(out, "; watched for %u ms before", plan->probe_ms);
	fputc('\n', out);
}

static void describe_verify(FILE *out, const struct kq_settings *settings)
{
	fprintf(out, "verified:   by %s",
		settings->verify == KQ_VERIFY_BY_STAGE	     ? "the stage"
		: settings->verify == KQ_VERIFY_BY_PURGATORY ? "purgatory"
							     : "nobody");
	if (settings->verify == KQ_VERIFY_BY_STAGE)
		fprintf(out, "; on a wrong digest: %s",
			kq_on_bad_digest_name(settings->on_bad_digest));
	fputc('\n', out);
}

void kq_describe_load(FILE *out, const struct kq_options *options,
		      const struct kq_settings *settings,
		      const struct kq_load *load)
{
	const struct kq_plan_header *plan = kq_load_plan(load);
	char *command = stock_command(options, settings, load);

	if (kq_load_is_signed(load)) {
		fprintf(out, "kernel:     %s, signed: loaded as it is\n",
			options->kernel);
	} else {
		describe_kernel(out, load);
		fprintf(out, "stage:      %s, %.1f KiB\n",
			settings->stage_path,
			(double)load->image.stage.size / 1024);
	}
	if (plan)
		describe_plan(out, plan);
	if (!kq_load_is_signed(load))
		describe_verify(out, settings);
	fprintf(out, "image:      %.1f MiB of memory\n", memory_of(load));
	if (options->output)
		fprintf(out, "would write %s\n", options->output);
	else
		fprintf(out, "would run:  %s\n", command ? command : "");
	fputs("Nothing was loaded.\n", out);
	free(command);
}
