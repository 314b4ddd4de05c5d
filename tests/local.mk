# SPDX-License-Identifier: GPL-2.0-or-later

# Inventory, settings, plan builder
check_PROGRAMS += tests/unit/test-settings
tests_unit_test_settings_LDADD = $(KQ_LIBS)
