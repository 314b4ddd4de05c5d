/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kept reports on D-Bus. */
#ifndef KQ_BUS_REPORTS_H
#define KQ_BUS_REPORTS_H

#include <systemd/sd-bus.h>

/* Methods ListReports and GetReport; see sd_bus_message_handler_t. */
int kq_bus_on_list_reports(sd_bus_message *message, void *userdata,
			   sd_bus_error *error);
int kq_bus_on_get_report(sd_bus_message *message, void *userdata,
			 sd_bus_error *error);

#endif
