# SPDX-License-Identifier: GPL-2.0-or-later
# The stage: freestanding arm64 code, compiled by STAGE_CC and linked at 0
# into stage.elf. Its hardware-independent files are also compiled hosted by
# the tests (tests/local.mk), against the simulator.

stage_c = purgatory/main.c
