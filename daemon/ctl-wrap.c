// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl wrap: a quiesce image as a file, for scripts that want the path
 * of a kernel and for those who sign what they load.
 */
#include "config.h"

#include "daemon/ctl.h"
#include "lib/image/image.h"
#include "lib/machine.h"

static int write_image(const struct kq_ctl *ctl,
		       const struct kq_settings *settings,
		       struct kq_message *message)
{
	const struct kq_image_request request = {
		.settings = settings,
		.kind = ctl->orderly ? KQ_PLAN_ORDERLY : KQ_PLAN_CRASH,
		.kernel = ctl->operands[0],
		.dtb = ctl->dtb,
		.pe = ctl->pe,
		.for_file = true,
	};
	struct kq_image image;
	int r;

	r = kq_image_prepare(&request, &image, message);
	if (r < 0)
		return r;
	kq_ctl_warn(&image.inventory->warnings);
	kq_ctl_warn(&image.warnings);
	r = kq_image_write_file(&image, ctl->operands[1], message);
	kq_image_fini(&image);
	return r;
}

int kq_ctl_wrap(const struct kq_ctl *ctl)
{
	struct kq_settings settings;
	struct kq_message message;

	if (!ctl->operands[1]) {
		kq_ctl_complain(
			"wrap needs a kernel and the file to write; see 'quiescectl wrap --help'");
		return KQ_EXIT_FAILURE;
	}
	if (!kq_machine_is_arm64()) {
		kq_ctl_complain(
			"this machine is not arm64, and an image holds the devices of the machine it is written on");
		return KQ_EXIT_FAILURE;
	}
	if (kq_ctl_settings(ctl, &settings, &message) < 0 ||
	    write_image(ctl, &settings, &message) < 0) {
		kq_ctl_complain("%s", message.text);
		return KQ_EXIT_FAILURE;
	}
	return KQ_EXIT_OK;
}
