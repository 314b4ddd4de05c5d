// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/inventory.h"

static void copy_name(char to[KQ_COMPONENT_NAME_SIZE], const char *name,
		      size_t length)
{
	static const char cut[] = "...";
	const size_t room = KQ_COMPONENT_NAME_SIZE - 1;

	if (length <= room) {
		memcpy(to, name, length);
		to[length] = '\0';
		return;
	}
	memcpy(to, cut, sizeof(cut) - 1);
	name += length - (room - (sizeof(cut) - 1));
	memcpy(to + sizeof(cut) - 1, name, room - (sizeof(cut) - 1));
	to[room] = '\0';
}

int kq_components_add(struct kq_components *components, uint16_t smmu,
		      uint32_t stream_id, uint64_t count, const char *name,
		      size_t length, struct kq_warnings *warnings)
{
	struct kq_inventory_component *list, *component;

	if (components->full)
		return 0;
	if (components->count == KQ_PLAN_MAX_COMPONENTS) {
		components->full = true;
		kq_warn(warnings,
			"firmware names more than %u devices behind SMMUs: the report will show the others as StreamIDs",
			KQ_PLAN_MAX_COMPONENTS);
		return 0;
	}
	list = reallocarray(components->list, components->count + 1,
			    sizeof(*list));
	if (!list)
		return -KQ_ERR_NOMEM;
	components->list = list;
	component = &list[components->count++];
	*component = (struct kq_inventory_component){
		.stream_id = stream_id,
		.smmu = smmu,
	};
	/* No StreamID is above 32 bits; a plan's range ends before the last. */
	if (count > UINT32_MAX - stream_id)
		count = UINT32_MAX - stream_id;
	component->count = (uint32_t)count;
	copy_name(component->name, name, length);
	return 0;
}
