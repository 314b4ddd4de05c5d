// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/polkit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* polkit's CheckAuthorizationFlags. */
#define ALLOW_USER_INTERACTION 1u

/* Somebody may have to type a password. */
#define TIMEOUT_US (120u * UINT64_C(1000000))

struct question {
	struct kq_polkit *polkit;
	sd_bus_message *message;
};

static void question_free(void *userdata)
{
	struct question *question = userdata;

	question->polkit->open--;
	sd_bus_message_unref(question->message);
	free(question);
}

static int on_answer(sd_bus_message *answer, void *userdata,
		     sd_bus_error *error)
{
	struct question *question = userdata;
	struct kq_polkit *polkit = question->polkit;
	int allowed = 0, challenge;

	(void)error;
	if (sd_bus_message_is_method_error(answer, NULL) ||
	    sd_bus_message_enter_container(answer, 'r', "bba{ss}") < 0 ||
	    sd_bus_message_read(answer, "bb", &allowed, &challenge) < 0)
		allowed = 0;
	polkit->handler(question->message, allowed, polkit->userdata);
	return 0;
}

static int make_call(sd_bus_message *message, const char *action,
		     sd_bus_message **ret)
{
	bool interactive =
		sd_bus_message_get_allow_interactive_authorization(message) > 0;
	int r = sd_bus_message_new_method_call(
		sd_bus_message_get_bus(message), ret,
		"org.freedesktop.PolicyKit1",
		"/org/freedesktop/PolicyKit1/Authority",
		"org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");

	if (r < 0)
		return r;
	return sd_bus_message_append(
		*ret, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
		sd_bus_message_get_sender(message), action, 0,
		interactive ? ALLOW_USER_INTERACTION : 0, "");
}

static int send_call(struct question *question, sd_bus_message *call)
{
	sd_bus_slot *slot;
	int r = sd_bus_call_async(sd_bus_message_get_bus(question->message),
				  &slot, call, on_answer, question, TIMEOUT_US);

	if (r < 0)
		return r;
	sd_bus_slot_set_destroy_callback(slot, question_free);
	/* From now on the connection keeps it, and frees it when it ends. */
	sd_bus_slot_set_floating(slot, 1);
	sd_bus_slot_unref(slot);
	return 0;
}

int kq_polkit_ask(struct kq_polkit *polkit, sd_bus_message *message,
		  const char *action)
{
	sd_bus_message *call = NULL;
	struct question *question;
	int r;

	if (polkit->open >= KQ_POLKIT_MAX)
		return -EBUSY;
	question = malloc(sizeof(*question));
	if (!question)
		return -ENOMEM;
	polkit->open++;
	question->polkit = polkit;
	question->message = sd_bus_message_ref(message);
	r = make_call(message, action, &call);
	if (r >= 0)
		r = send_call(question, call);
	sd_bus_message_unref(call);
	if (r < 0)
		question_free(question);
	return r < 0 ? r : 0;
}
