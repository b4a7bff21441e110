/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Errors as values: a function that can fail returns 0 or a negative errno and fills a struct error with one sentence
 * that names the place (file:line, feed, interface) and the remedy. Whoever is at the top prints it.
 */
#ifndef PL_BASE_ERROR_H
#define PL_BASE_ERROR_H

struct error {
	char text[768];
};

/* Formats the text and returns `code` (a negative errno), so that `return error_set(err, -EINVAL, ...)` reads well. err may be NULL. */
int error_set(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text that is already there and returns `code`: adds the place on the way up. */
int error_prefix(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
