// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-json.h"
#include "daemon/ctl-pci-names.h"
#include "daemon/ctl-views.h"
#include "daemon/ctl-words.h"

const char *kq_word_firmware(enum kq_firmware firmware)
{
	switch (firmware) {
	case KQ_FIRMWARE_ACPI:
		return "ACPI";
	case KQ_FIRMWARE_DT:
		return "device tree";
	default:
		return "none";
	}
}

static json_t *json_function(const struct kq_inventory *inventory,
			     const struct kq_inventory_function *fn,
			     struct kq_pci_names *names)
{
	char text[KQ_PCI_NAME_TEXT], address[KQ_ADDRESS_TEXT];
	json_t *object = json_object();
	bool translated = fn->smmu != KQ_NONE;

	kq_json_set(
		object, "address",
		json_string(kq_text_address(address, fn->segment, fn->bdf)));
	kq_json_set(object, "vendor", json_sprintf("0x%04x", fn->vendor));
	kq_json_set(object, "device", json_sprintf("0x%04x", fn->device));
	kq_json_set(object, "class",
		    json_sprintf("0x%06x", fn->class_revision >> 8));
	kq_json_set(object, "class_name",
		    json_string(kq_pci_class_name(names, text,
						  fn->class_revision)));
	kq_json_set(object, "driver",
		    fn->driver[0] ? json_string(fn->driver) : json_null());
	kq_json_set(object, "stream_id",
		    translated ? json_integer(fn->stream_id) : json_null());
	kq_json_set(object, "smmu",
		    translated ? kq_json_hex(inventory->smmus[fn->smmu].base)
			       : json_null());
	kq_json_set(object, "reset", json_string(kq_reset_name(fn->reset)));
	kq_json_set(object, "reset_reason",
		    json_string(kq_reset_reason(fn->reset)));
	kq_json_set(object, "config_reachable",
		    json_boolean(fn->host != KQ_NONE));
	kq_json_set(object, "flags", kq_json_bits(fn->flags, kq_bits_function));
	return object;
}

static json_t *json_smmu(const struct kq_inventory_smmu *smmu)
{
	json_t *object = json_object();

	kq_json_set(object, "base", kq_json_hex(smmu->base));
	kq_json_set(object, "type", json_string(kq_word_smmu_type(smmu->type)));
	kq_json_set(object, "model", json_string(smmu->model));
	kq_json_set(object, "coherent", json_boolean(smmu->coherent));
	return object;
}

static json_t *json_component(const struct kq_inventory *inventory,
			      const struct kq_inventory_component *component)
{
	char name[KQ_COMPONENT_NAME_SIZE + 1];
	json_t *object = json_object();

	kq_text_name(name, component->name, sizeof(component->name));
	kq_json_set(object, "name", json_string(name));
	kq_json_set(object, "smmu",
		    kq_json_hex(inventory->smmus[component->smmu].base));
	kq_json_set(object, "stream_id", json_integer(component->stream_id));
	kq_json_set(object, "count", json_integer(component->count));
	return object;
}

static json_t *json_host(const struct kq_inventory_host *host)
{
	json_t *object = json_object();

	kq_json_set(object, "ecam", kq_json_hex(host->ecam));
	kq_json_set(object, "segment", json_integer(host->segment));
	kq_json_set(object, "bus_first", json_integer(host->bus_first));
	kq_json_set(object, "bus_last", json_integer(host->bus_last));
	return object;
}

json_t *kq_list_json(const struct kq_inventory *inventory)
{
	json_t *object = json_object(), *functions = json_array(),
	       *smmus = json_array(), *hosts = json_array(),
	       *components = json_array();
	struct kq_pci_names *names = kq_pci_names_new();

	for (size_t i = 0; i < inventory->function_count; i++)
		json_array_append_new(functions,
				      json_function(inventory,
						    &inventory->functions[i],
						    names));
	for (size_t i = 0; i < inventory->smmu_count; i++)
		json_array_append_new(smmus, json_smmu(&inventory->smmus[i]));
	for (size_t i = 0; i < inventory->components.count; i++)
		json_array_append_new(
			components,
			json_component(inventory,
				       &inventory->components.list[i]));
	for (size_t i = 0; i < inventory->host_count; i++)
		json_array_append_new(hosts, json_host(&inventory->hosts[i]));
	kq_pci_names_free(names);
	kq_json_set(object, "firmware",
		    json_string(kq_word_firmware(inventory->firmware)));
	kq_json_set(object, "incomplete", json_boolean(inventory->incomplete));
	kq_json_set(object, "functions", functions);
	kq_json_set(object, "smmus", smmus);
	kq_json_set(object, "components", components);
	kq_json_set(object, "hosts", hosts);
	kq_json_set(object, "warnings", kq_json_warnings(&inventory->warnings));
	return object;
}
