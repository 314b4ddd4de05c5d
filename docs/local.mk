# SPDX-License-Identifier: GPL-2.0-or-later

# Front end
dist_man_MANS += docs/kexec-quiesce.8
dist_doc_DATA += docs/kexec-quiesce.conf
# quiescectl and the formats
dist_man_MANS += docs/quiescectl.8 docs/quiesced.8
dist_doc_DATA += docs/architecture.md docs/plan-format.md \
	docs/performance.md docs/performance.json \
	docs/report-format.md docs/signing.md docs/smmu-policies.md docs/specs.md
