/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The checks of pricelag doctor: each looks at one thing, changes nothing, and says in plain words what it found. */
#ifndef PL_CMD_DOCTOR_PARTS_H
#define PL_CMD_DOCTOR_PARTS_H

enum verdict { GOOD, NOTE, BAD };

struct finding {
	enum verdict verdict;
	char text[768];	  /* what was found */
	char remedy[512]; /* what to do; "" if nothing */
};

struct arguments {
	const char *interface;
	int json;
};

void find(struct finding *out, enum verdict verdict, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What bounds this machine's clock, what its chrony says, and its hardware clocks. */
void doctor_check_clock(const struct arguments *a, struct finding *out);
void doctor_check_chrony(const struct arguments *a, struct finding *out);
void doctor_check_ptp(const struct arguments *a, struct finding *out);
void doctor_check_nic(const struct arguments *a, struct finding *out);

#endif
