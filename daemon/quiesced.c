// SPDX-License-Identifier: GPL-2.0-or-later
/* quiesced(8): keeps the loaded plan true while devices come and go. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "daemon/bus.h"
#include "daemon/collect.h"
#include "daemon/ctl-report.h"
#include "daemon/debounce.h"
#include "daemon/monitor.h"
#include "daemon/refresh.h"
#include "daemon/store.h"
#include "lib/error.h"
#include "lib/machine.h"

struct daemon {
	sd_event *event;
	struct kq_monitor *monitor;
	struct kq_debounce debounce;
	struct kq_refresh refresh;
	struct kq_bus bus;
	bool stopping; /* as soon as nothing is under way */
};

static void on_device(void *userdata)
{
	struct daemon *daemon = userdata;

	kq_debounce_event(&daemon->debounce);
}

static void on_quiet(void *userdata)
{
	struct daemon *daemon = userdata;

	kq_refresh_start(&daemon->refresh, false);
}

static void on_changed(void *userdata)
{
	struct daemon *daemon = userdata;
	const struct kq_status *status = &daemon->refresh.status;

	kq_bus_changed(&daemon->bus);
	sd_notifyf(0, "STATUS=%s: %s", kq_state_word(status->state),
		   kq_state_text(status->state));
}

static void on_settled(void *userdata)
{
	struct daemon *daemon = userdata;

	kq_bus_settled(&daemon->bus);
	if (daemon->stopping)
		(void)sd_event_exit(daemon->event, 0);
}

/* A load that is under way is not left alone: it may need its second try. */
static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)info;
	sd_notify(0, "STOPPING=1");
	daemon->stopping = true;
	if (kq_refresh_is_busy(&daemon->refresh))
		return 0;
	return sd_event_exit(daemon->event, 0);
}

static int on_hangup(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)info;
	kq_refresh_start(&daemon->refresh, true);
	return 0;
}

/* Somebody has loaded or unloaded by our front end. */
static int on_record(sd_event_source *source, const struct inotify_event *event,
		     void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	/* Our own loads are looked at when they are done, and not again. */
	if (event->len && strcmp(event->name, "crash") == 0 &&
	    !kq_refresh_is_busy(&daemon->refresh) &&
	    !kq_refresh_knows_record(&daemon->refresh))
		kq_debounce_event(&daemon->debounce);
	return 0;
}

static int watch_records(struct daemon *daemon)
{
	char path[PATH_MAX];

	kq_record_make_directory(kq_machine_root());
	snprintf(path, sizeof(path), "%s" KQ_RUN_DIR, kq_machine_root());
	return sd_event_add_inotify(daemon->event, NULL, path,
				    IN_MOVED_TO | IN_DELETE | IN_ONLYDIR,
				    on_record, daemon);
}

static int watch_signals(struct daemon *daemon)
{
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_stop, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_stop,
					daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_hangup,
					daemon);
	return r;
}

static int watch(struct daemon *daemon, struct kq_message *message)
{
	int r = sd_event_default(&daemon->event);

	if (r >= 0)
		r = watch_signals(daemon);
	if (r >= 0)
		r = sd_event_set_watchdog(daemon->event, true);
	if (r >= 0)
		r = kq_debounce_init(&daemon->debounce, daemon->event, on_quiet,
				     daemon);
	if (r >= 0)
		r = watch_records(daemon);
	if (r < 0) {
		errno = -r;
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot start: %m");
	}
	return kq_monitor_new(daemon->event, on_device, daemon,
			      &daemon->monitor, message);
}

/* A report that cannot be kept is no reason not to work. */
static void collect(void)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	enum kq_collected collected;
	char file[PATH_MAX], dir[PATH_MAX];
	int r;

	snprintf(file, sizeof(file), "%s" KQ_CTL_FDT, kq_machine_root());
	snprintf(dir, sizeof(dir), "%s" KQ_STORE_DIR, kq_machine_root());
	if (access(file, F_OK) < 0)
		return;
	r = kq_collect_at_start(file, dir, &collected, &warnings, &message);
	if (r < 0)
		fprintf(stderr, SD_WARNING "the report of this boot: %s\n",
			message.text);
	for (size_t i = 0; i < warnings.count; i++)
		fprintf(stderr, SD_WARNING "%s\n", warnings.text[i]);
	kq_warnings_fini(&warnings);
}

static int run(struct daemon *daemon)
{
	const struct kq_refresh_handlers handlers = {
		.changed = on_changed,
		.settled = on_settled,
		.userdata = daemon,
	};
	struct kq_message message;
	int r;

	if (watch(daemon, &message) < 0) {
		fprintf(stderr, SD_ERR "%s\n", message.text);
		return EXIT_FAILURE;
	}
	collect();
	kq_refresh_init(&daemon->refresh, daemon->event, &handlers);
	kq_bus_init(&daemon->bus, daemon->event, &daemon->refresh);
	kq_refresh_start(&daemon->refresh, false);
	sd_notify(0, "READY=1");
	r = sd_event_loop(daemon->event);
	return r < 0 ? EXIT_FAILURE : r;
}

static void fini(struct daemon *daemon)
{
	kq_bus_fini(&daemon->bus);
	kq_refresh_fini(&daemon->refresh);
	kq_debounce_fini(&daemon->debounce);
	kq_monitor_free(daemon->monitor);
	sd_event_unref(daemon->event);
}

static const char help[] =
	"Usage: quiesced [OPTION]\n"
	"Keep the plan in the loaded crash kernel true while devices come and "
	"go.\n"
	"\n"
	"  --help     this text (-h)\n"
	"  --version  version\n"
	"\n"
	"Started by systemd; see quiesced(8).\n";

int main(int argc, char *argv[])
{
	static struct daemon daemon;
	int status;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(help, stdout) < 0;
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return printf("quiesced (%s) %s\n", PACKAGE_NAME,
			      PACKAGE_VERSION) < 0;
	if (argc > 1) {
		fprintf(stderr,
			"quiesced: unexpected '%s'; see 'quiesced "
			"--help'\n",
			argv[1]);
		return EXIT_FAILURE;
	}
	status = run(&daemon);
	fini(&daemon);
	return status;
}
