// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl(8): what kexec-quiesce knows, would do and has done. */
#include "daemon/ctl.h"

int main(int argc, char *argv[])
{
	return kq_ctl_main(argc, argv, stdout);
}
