/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stage's few lines on a UART, when the plan asks for them. */
#ifndef KQ_CONSOLE_H
#define KQ_CONSOLE_H

#include "purgatory/stage.h"

/**
 * kq_console_summary() - say what was done to functions and SMMUs
 *
 * Called when everything is quiet: a UART is slow. Waits at most 10 ms for
 * one character and gives the console up then. No effect without a console
 * or a valid plan.
 */
void kq_console_summary(struct kq_stage *stage);

#endif
