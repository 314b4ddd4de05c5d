// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/error.h"

/* Linux 6.3; kernels may demand it (sysctl vm.memfd_noexec). */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define MEMFD_NAME    "kexec-quiesce"
#define FIRST_FREE_FD 3

/* Close-on-exec goes with fcntl(F_DUPFD). */
int kq_passed_copy(int fd, struct kq_message *message)
{
	int copy = fcntl(fd, F_DUPFD, FIRST_FREE_FD);

	if (copy < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot pass on the quiesce image: %m");
	return copy;
}

int kq_passed_memfd(struct kq_message *message)
{
	int fd, low = -1;

	fd = memfd_create(MEMFD_NAME, MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(MEMFD_NAME, MFD_ALLOW_SEALING);
	if (fd >= 0 && fd < FIRST_FREE_FD) {
		low = fd;
		fd = fcntl(low, F_DUPFD, FIRST_FREE_FD);
		close(low);
	}
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot create a file in memory: %m");
	return fd;
}

int kq_passed_seal(int fd, struct kq_message *message)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
			  F_SEAL_SEAL;

	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot seal the quiesce image: %m");
	return 0;
}
