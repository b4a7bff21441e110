/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report page's parts, as NUL-terminated texts (page_assets.h). The -I folders are set in mk/report.mk. */
	.section .rodata
.macro asset name, file
	.global \name
\name:
	.incbin "\file"
	.byte 0
.endm

	asset page_css, "page.css"
	asset page_js, "page.js"
	asset page_uplot_css, "uplot.css"
	asset page_uplot_js, "uplot.js"
	asset page_uplot_license, "uplot.license"

	.section .note.GNU-stack, "", %progbits
