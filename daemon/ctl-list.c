// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl list */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-pci-names.h"
#include "daemon/ctl-table.h"
#include "daemon/ctl-views.h"
#include "daemon/ctl-words.h"
#include "daemon/ctl.h"
#include "lib/error.h"
#include "lib/inventory/inventory.h"

static void add_row(struct kq_table *table,
		    const struct kq_inventory *inventory,
		    const struct kq_inventory_function *fn,
		    struct kq_pci_names *names)
{
	char text[KQ_PCI_NAME_TEXT], address[KQ_ADDRESS_TEXT];
	const char *why = kq_reset_reason(fn->reset);

	kq_table_cell(table, "%s",
		      kq_text_address(address, fn->segment, fn->bdf));
	kq_table_cell(table, "%04x:%04x", fn->vendor, fn->device);
	kq_table_cell(table, "%s",
		      kq_pci_class_name(names, text, fn->class_revision));
	kq_table_cell(table, "%s", fn->driver[0] ? fn->driver : "-");
	if (fn->smmu == KQ_NONE) {
		kq_table_cell(table, "-");
		kq_table_cell(table, "-");
	} else {
		kq_table_cell(table, "0x%" PRIx32, fn->stream_id);
		kq_table_cell(table, "0x%" PRIx64,
			      inventory->smmus[fn->smmu].base);
	}
	kq_table_cell(table, "%s%s%s%s", kq_reset_name(fn->reset),
		      *why ? " (" : "", why, *why ? ")" : "");
}

static int print_functions(const struct kq_inventory *inventory, FILE *out)
{
	static const char *const titles[] = { "FUNCTION", "DEVICE", "CLASS",
					      "DRIVER",	  "STREAM", "SMMU",
					      "RESET",	  NULL };
	struct kq_pci_names *names = kq_pci_names_new();
	struct kq_table *table = kq_table_new(titles);
	int r;

	for (size_t i = 0; i < inventory->function_count; i++)
		add_row(table, inventory, &inventory->functions[i], names);
	r = kq_table_print(table, out);
	kq_table_free(table);
	kq_pci_names_free(names);
	return r;
}

static void print_component(const struct kq_inventory *inventory,
			    const struct kq_inventory_component *component,
			    FILE *out)
{
	char name[KQ_COMPONENT_NAME_SIZE + 1];
	uint32_t last = component->stream_id + component->count - 1;

	fprintf(out, "Device %s: stream 0x%" PRIx32,
		kq_text_name(name, component->name, sizeof(component->name)),
		component->stream_id);
	if (component->count > 1)
		fprintf(out, "-0x%" PRIx32, last);
	fprintf(out, " of SMMU 0x%" PRIx64 "\n",
		inventory->smmus[component->smmu].base);
}

static void print_rest(const struct kq_inventory *inventory, FILE *out)
{
	fputc('\n', out);
	for (size_t i = 0; i < inventory->smmu_count; i++) {
		const struct kq_inventory_smmu *smmu = &inventory->smmus[i];

		const char *type = kq_word_smmu_type(smmu->type);
		bool named = *smmu->model && strcmp(smmu->model, type) != 0;

		fprintf(out, "SMMU 0x%" PRIx64 ": %s%s%s%s\n", smmu->base, type,
			named ? ", " : "", named ? smmu->model : "",
			smmu->coherent ? ", coherent" : "");
	}
	for (size_t i = 0; i < inventory->components.count; i++)
		print_component(inventory, &inventory->components.list[i], out);
	for (size_t i = 0; i < inventory->host_count; i++) {
		const struct kq_inventory_host *host = &inventory->hosts[i];

		fprintf(out,
			"ECAM 0x%" PRIx64 ": segment %04x, buses %02x-%02x\n",
			host->ecam, host->segment, host->bus_first,
			host->bus_last);
	}
	fprintf(out,
		"Functions: %zu; SMMUs: %zu; ECAM windows: %zu; firmware: %s\n",
		inventory->function_count, inventory->smmu_count,
		inventory->host_count, kq_word_firmware(inventory->firmware));
}

int kq_ctl_list(const struct kq_ctl *ctl)
{
	struct kq_inventory *inventory = NULL;
	struct kq_message message;
	int r = kq_inventory_collect(ctl->root, &inventory, &message);

	if (r < 0) {
		kq_ctl_complain("%s", message.text);
		return KQ_EXIT_FAILURE;
	}
	if (ctl->json) {
		r = kq_json_print(kq_list_json(inventory), ctl->out);
	} else {
		kq_ctl_warn(&inventory->warnings);
		r = print_functions(inventory, ctl->out);
		print_rest(inventory, ctl->out);
	}
	kq_inventory_free(inventory);
	if (r == 0)
		return KQ_EXIT_OK;
	kq_ctl_complain("cannot show the list: %s", kq_strerror(r));
	return KQ_EXIT_FAILURE;
}
