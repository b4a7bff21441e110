// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag: one binary, sub-commands from a table. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "version.h"

static const struct command commands[] = {
	{"doctor", "what works on this kernel, network card and clock, and how to mend what does not", cmd_doctor},
	{"record", "attach, subscribe, collect and store; live view on a terminal", cmd_record},
	{"replay", "the same from capture files, offline and without root", cmd_replay},
	{"latency", "distributions from stage to stage, per feed and asset", cmd_latency},
	{"blocks", "per block: first, decodable and last packet, losses", cmd_blocks},
	{"race", "the same message over several feeds: who was first, by how much", cmd_race},
	{"leadlag", "which of two prices leads, without a key in common", cmd_leadlag},
	{"window", "the arbitrage window in time and in money, per asset", cmd_window},
	{"compare", "two sites or two days side by side, with intervals", cmd_compare},
	{"model", "bad debt under the measured latency", cmd_model},
	{"fit", "the parameters of a price process from a file of prices", cmd_fit},
	{"plot", "results of the model side by side, as a picture", cmd_plot},
	{"report", "one self-contained page with plots", cmd_report},
	{"export", "a table of a session as CSV or JSON Lines", cmd_export},
	{"decode", "one message through one decoder, as JSON", cmd_decode},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: pricelag COMMAND [OPTION...]\n"
		     "Measures, at the packet, how late prices and blocks reach this machine, and what it costs.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'pricelag COMMAND --help' explains one, 'pricelag --version' names this build. Exit status:\n"
		     "0 ok, 1 failed, 2 wrong usage, 3 ran, but the result is not to be trusted (the reason is on\n"
		     "stderr).\n");
}

int main(int argc, char **argv)
{
	char name[64];

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("pricelag " PL_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "pricelag %s", commands[i].name);
		argv[1] = name;
		if (argc == 3 && !strcmp(argv[2], "-h"))
			argv[2] = "--help";
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "pricelag: unknown command '%s'; 'pricelag --help' lists them\n", argv[1]);
	return EXIT_USAGE;
}
