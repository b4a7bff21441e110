/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report page's parts as they are built into the binary (page/assets.S): NUL-terminated text. */
#ifndef PL_OUTPUT_PAGE_ASSETS_H
#define PL_OUTPUT_PAGE_ASSETS_H

extern const char page_css[], page_js[];
extern const char page_uplot_css[], page_uplot_js[], page_uplot_license[];

#endif
