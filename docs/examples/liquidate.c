// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a liquidation on Aave v3 will do, to the last unit: for a keeper that wants to know before it pays for gas.
 *
 *     cc liquidate.c $(pkg-config --cflags --libs pricelag-margin) -o liquidate && ./liquidate < account.txt
 *
 * Lines that it reads, numbers as the pool's own calls give them:
 *
 *     account 3.6                             or 3.0; in an e-mode followed by its LTV, threshold and bonus
 *     reserve WETH 18 8050 8300 10500 1000 150000000000 1012000000000000000000000000 1034000000000000000000000000 98814229249011857707 0 collateral
 *     reserve USDC 6 7500 7800 10450 1000 100000000 1021000000000000000000000000 1045000000000000000000000000 0 151196172248 -
 *             (name, decimals, LTV, threshold, bonus, protocol fee, price, liquidity index, borrow index, scaled supply,
 *             scaled debt, and "collateral", "emode", "collateral,emode" or "-")
 *     health                                  asks for collateral, debt, what may be borrowed, threshold, LTV, health
 *     liquidate WETH USDC 79000000000         collateral, debt, amount of the debt; or "max"
 */
#include <margin/aave.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESERVES 128
#define NAME	 32

static struct aave_reserve reserves[RESERVES];
static char names[RESERVES][NAME];
static struct aave_account account = {.reserves = reserves};

static void print(const char *label, struct u256 value)
{
	char text[WIDE_TEXT];

	u256_text(value, text);
	printf(" %s%s", label, text);
}

static long index_of(const char *name)
{
	for (size_t i = 0; i < account.count; i++)
		if (!strcmp(names[i], name))
			return (long)i;
	return -1;
}

static int read_account(const char *line)
{
	char version[8];
	struct aave_emode *emode = &account.emode;
	int fields = sscanf(line, "account %7s %u %u %u", version, &emode->ltv, &emode->liquidation_threshold, &emode->liquidation_bonus);

	account.count = 0;
	account.has_emode = fields == 4;
	account.version = !strcmp(version, "3.0") ? AAVE_3_0 : AAVE_3_6;
	return (fields == 1 || fields == 4) && (!strcmp(version, "3.0") || !strcmp(version, "3.6")) ? 0 : -1;
}

static int read_reserve(const char *line)
{
	struct aave_reserve *r = &reserves[account.count];
	char number[5][WIDE_TEXT], flags[32];
	struct u256 *wide[] = {&r->price, &r->liquidity_index, &r->borrow_index, &r->scaled_supply, &r->scaled_debt};

	if (account.count == RESERVES)
		return -1;
	*r = (struct aave_reserve){0};
	if (sscanf(line, "reserve %31s %u %u %u %u %u %79s %79s %79s %79s %79s %31s", names[account.count], &r->decimals, &r->ltv,
		   &r->liquidation_threshold, &r->liquidation_bonus, &r->protocol_fee, number[0], number[1], number[2], number[3],
		   number[4], flags) != 12)
		return -1;
	for (int i = 0; i < 5; i++)
		if (!u256_parse(number[i], wide[i]))
			return -1;
	r->as_collateral = strstr(flags, "collateral") != NULL;
	r->in_emode = strstr(flags, "emode") != NULL;
	account.count++;
	return 0;
}

static int say_health(void)
{
	struct aave_health health;

	if (!aave_health(&account, &health))
		return -1;
	printf("health");
	print("", health.collateral);
	print("", health.debt);
	print("", health.available);
	print("", health.liquidation_threshold);
	print("", health.ltv);
	print("", health.health);
	printf("\n");
	return 0;
}

static int liquidate(const char *line)
{
	char collateral[NAME], debt[NAME], cover[WIDE_TEXT];
	struct aave_liquidation done;
	struct u256 amount = u256_max();
	enum aave_answer answer;

	if (sscanf(line, "liquidate %31s %31s %79s", collateral, debt, cover) != 3 || index_of(collateral) < 0 || index_of(debt) < 0)
		return -1;
	if (strcmp(cover, "max") && !u256_parse(cover, &amount))
		return -1;
	answer = aave_liquidate(&account, (size_t)index_of(collateral), (size_t)index_of(debt), amount, &done);
	printf("%s", aave_answer_names[answer]);
	if (answer == AAVE_LIQUIDATED) {
		print("repaid ", done.repaid);
		print("seized ", done.seized);
		print("fee ", done.fee);
	}
	printf("\n");
	for (size_t i = 0; answer == AAVE_LIQUIDATED && i < account.count; i++) {
		printf("%s", names[i]);
		print("supply ", reserves[i].scaled_supply);
		print("debt ", reserves[i].scaled_debt);
		print("deficit ", reserves[i].deficit);
		printf(" %s\n", reserves[i].as_collateral ? "collateral" : "-");
	}
	return 0;
}

int main(void)
{
	char line[1024];
	struct error err;

	for (int number = 1; fgets(line, sizeof(line), stdin); number++) {
		int rc = 0;

		if (!strncmp(line, "account ", 8))
			rc = read_account(line);
		else if (!strncmp(line, "reserve ", 8))
			rc = read_reserve(line);
		else if (strspn(line, " \n") == strlen(line))
			continue;
		else if (aave_check(&account, &err)) {
			fprintf(stderr, "line %d: %s\n", number, err.text);
			return 1;
		} else
			rc = !strncmp(line, "liquidate ", 10) ? liquidate(line) : !strncmp(line, "health", 6) ? say_health() : -1;
		if (rc) {
			fprintf(stderr, "line %d: not understood: %s", number, line);
			return 1;
		}
	}
	return 0;
}
