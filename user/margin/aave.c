// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/aave.h"

#include <errno.h>

#define PERCENT		  10000
#define CLOSE_FACTOR	  5000
#define RESERVES_MAX	  128 /* of a pool */
#define DECIMALS_MAX	  38
#define BASE_DECIMALS	  8
#define FULL_CLOSE_BELOW  2000 /* base currency */
#define LEAVE_AT_LEAST	  1000

const char *const aave_answer_names[AAVE_ANSWERS + 1] = {"liquidated", "healthy", "not-collateral", "not-borrowed",
							 "leaves-dust", "nothing", "overflow", NULL};

/* What changed between versions. */
static const struct version {
	enum u256_rounding supply, debt;	   /* scaled balance -> balance */
	enum u256_rounding supply_out, debt_out; /* balance -> scaled balance that leaves the account */
	enum u256_rounding debt_value, needed, available;
	bool average_first; /* health from the average threshold, which is cut to 1/10000 */
	bool whole;	    /* small positions close whole, no dust is left, bad debt is written off */
} versions[] = {
	[AAVE_3_0] = {.supply = U256_HALF_UP, .debt = U256_HALF_UP, .supply_out = U256_HALF_UP, .debt_out = U256_HALF_UP,
		      .debt_value = U256_DOWN, .needed = U256_HALF_UP, .available = U256_HALF_UP, .average_first = true},
	[AAVE_3_6] = {.supply = U256_DOWN, .debt = U256_UP, .supply_out = U256_UP, .debt_out = U256_DOWN,
		      .debt_value = U256_UP, .needed = U256_UP, .available = U256_DOWN, .whole = true},
};

static const struct version *version_of(const struct aave_account *account)
{
	return &versions[account->version];
}

/* ---- arithmetic ----------------------------------------------------------------------------------------------------- */

/* a·b/c */
static struct u256 ratio(struct u256 a, struct u256 b, struct u256 c, enum u256_rounding rounding)
{
	return u256_div(u256_mul(a, b), c, rounding);
}

static struct u256 percent_mul(struct u256 value, unsigned percentage, enum u256_rounding rounding)
{
	return ratio(value, u256(percentage), u256(PERCENT), rounding);
}

static struct u256 percent_div(struct u256 value, unsigned percentage, enum u256_rounding rounding)
{
	return ratio(value, u256(PERCENT), u256(percentage), rounding);
}

static struct u256 wad(void)
{
	return u256_power_of_ten(18);
}

static struct u256 ray(void)
{
	return u256_power_of_ten(27);
}

static struct u256 base_currency(unsigned value)
{
	return u256_mul(u256(value), u256_power_of_ten(BASE_DECIMALS));
}

static struct u256 unit_of(const struct aave_reserve *reserve)
{
	return u256_power_of_ten(reserve->decimals);
}

static struct u256 value_of(const struct aave_reserve *reserve, struct u256 amount, enum u256_rounding rounding)
{
	return ratio(amount, reserve->price, unit_of(reserve), rounding);
}

struct u256 aave_supply(const struct aave_account *account, const struct aave_reserve *reserve)
{
	return ratio(reserve->scaled_supply, reserve->liquidity_index, ray(), version_of(account)->supply);
}

struct u256 aave_debt(const struct aave_account *account, const struct aave_reserve *reserve)
{
	return ratio(reserve->scaled_debt, reserve->borrow_index, ray(), version_of(account)->debt);
}

/* ---- health --------------------------------------------------------------------------------------------------------- */

static unsigned threshold_of(const struct aave_account *account, const struct aave_reserve *reserve)
{
	return account->has_emode && reserve->in_emode ? account->emode.liquidation_threshold : reserve->liquidation_threshold;
}

static unsigned bonus_of(const struct aave_account *account, const struct aave_reserve *reserve)
{
	return account->has_emode && reserve->in_emode ? account->emode.liquidation_bonus : reserve->liquidation_bonus;
}

/* 3.0: a reserve without an LTV of its own has none in an e-mode either, and one without a threshold is no collateral. */
static unsigned ltv_of(const struct aave_account *account, const struct aave_reserve *reserve)
{
	if (!account->has_emode || !reserve->in_emode || (account->version == AAVE_3_0 && !reserve->ltv))
		return reserve->ltv;
	return account->emode.ltv;
}

static bool is_collateral(const struct aave_account *account, const struct aave_reserve *reserve)
{
	return reserve->as_collateral && (account->version != AAVE_3_0 || reserve->liquidation_threshold);
}

bool aave_health(const struct aave_account *account, struct aave_health *out)
{
	const struct version *version = version_of(account);
	struct u256 by_threshold = u256(0), by_ltv = u256(0), may_borrow;

	*out = (struct aave_health){.health = u256_max()};
	for (size_t i = 0; i < account->count; i++) {
		const struct aave_reserve *reserve = &account->reserves[i];

		if (is_collateral(account, reserve)) {
			struct u256 value = value_of(reserve, aave_supply(account, reserve), U256_DOWN);

			out->collateral = u256_add(out->collateral, value);
			by_ltv = u256_add(by_ltv, u256_mul(value, u256(ltv_of(account, reserve))));
			by_threshold = u256_add(by_threshold, u256_mul(value, u256(threshold_of(account, reserve))));
		}
		out->debt = u256_add(out->debt, value_of(reserve, aave_debt(account, reserve), version->debt_value));
	}
	if (!u256_is_zero(out->collateral)) {
		out->ltv = u256_div(by_ltv, out->collateral, U256_DOWN);
		out->liquidation_threshold = u256_div(by_threshold, out->collateral, U256_DOWN);
	}
	if (!u256_is_zero(out->debt)) {
		if (version->average_first)
			out->health = ratio(ratio(out->collateral, out->liquidation_threshold, u256(PERCENT), U256_HALF_UP), wad(),
					    out->debt, U256_HALF_UP);
		else
			out->health = u256_div(ratio(by_threshold, wad(), out->debt, U256_HALF_UP), u256(PERCENT), U256_DOWN);
	}
	may_borrow = ratio(out->collateral, out->ltv, u256(PERCENT), version->available);
	if (u256_compare(may_borrow, out->debt) > 0)
		out->available = u256_sub(may_borrow, out->debt);
	return !(out->health.overflow || out->collateral.overflow || out->debt.overflow || may_borrow.overflow);
}

/* ---- liquidation ---------------------------------------------------------------------------------------------------- */

/* The most of this debt that may be repaid at once. */
static struct u256 close_limit(const struct aave_account *account, const struct aave_health *health, const struct aave_reserve *held,
			       struct u256 held_amount, const struct aave_reserve *owed, struct u256 owed_amount)
{
	bool deep = u256_compare(health->health, u256_mul(u256(95), u256_power_of_ten(16))) <= 0;
	struct u256 value, half;

	if (deep)
		return owed_amount;
	if (!version_of(account)->whole)
		return percent_mul(owed_amount, CLOSE_FACTOR, U256_HALF_UP);
	value = value_of(owed, owed_amount, U256_UP);
	if (u256_compare(value_of(held, held_amount, U256_DOWN), base_currency(FULL_CLOSE_BELOW)) < 0 ||
	    u256_compare(value, base_currency(FULL_CLOSE_BELOW)) < 0)
		return owed_amount;
	half = percent_mul(health->debt, CLOSE_FACTOR, U256_HALF_UP); /* of all debts */
	return u256_compare(value, half) > 0 ? ratio(half, unit_of(owed), owed->price, U256_DOWN) : owed_amount;
}

/* What the keeper pays and what leaves the account for it: all that may be repaid, or what the collateral pays for. */
static void exchange(const struct aave_account *account, const struct aave_reserve *held, struct u256 held_amount,
		     const struct aave_reserve *owed, struct u256 cover, struct aave_liquidation *out, struct u256 *taken)
{
	unsigned bonus = bonus_of(account, held);
	struct u256 debt_price = u256_mul(owed->price, unit_of(held)), held_price = u256_mul(held->price, unit_of(owed));

	*taken = percent_mul(ratio(cover, debt_price, held_price, U256_DOWN), bonus, U256_HALF_UP);
	out->repaid = cover;
	if (u256_compare(*taken, held_amount) > 0) {
		*taken = held_amount;
		out->repaid = percent_div(ratio(held_amount, held_price, debt_price, U256_DOWN), bonus, version_of(account)->needed);
	}
	out->fee = percent_mul(u256_sub(*taken, percent_div(*taken, bonus, U256_HALF_UP)), held->protocol_fee, U256_HALF_UP);
	out->seized = u256_sub(*taken, out->fee);
}

static bool leaves_dust(const struct aave_reserve *held, struct u256 held_left, const struct aave_reserve *owed, struct u256 owed_left)
{
	struct u256 least = base_currency(LEAVE_AT_LEAST);

	if (u256_is_zero(held_left) || u256_is_zero(owed_left))
		return false;
	return u256_compare(value_of(owed, owed_left, U256_UP), least) < 0 ||
	       u256_compare(value_of(held, held_left, U256_DOWN), least) < 0;
}

/* False: so little that nothing would be burnt, which the token refuses. */
static bool take_out(struct u256 *scaled, struct u256 amount, struct u256 index, enum u256_rounding rounding)
{
	struct u256 leaves = ratio(amount, ray(), index, rounding);

	*scaled = u256_sub(*scaled, leaves);
	return !u256_is_zero(leaves);
}

/* What is left for the fee may be a unit less than it. */
static void take_fee(const struct aave_account *account, struct aave_reserve *held, struct aave_liquidation *out)
{
	struct u256 leaves = ratio(out->fee, ray(), held->liquidity_index, version_of(account)->supply_out);

	if (u256_compare(leaves, held->scaled_supply) > 0) {
		leaves = held->scaled_supply;
		out->fee = aave_supply(account, held);
	}
	held->scaled_supply = u256_sub(held->scaled_supply, leaves);
}

static void write_off(struct aave_account *account, struct aave_reserve *owed, struct u256 amount)
{
	owed->deficit = u256_add(owed->deficit, amount);
	take_out(&owed->scaled_debt, aave_debt(account, owed), owed->borrow_index, version_of(account)->debt_out);
}

enum aave_answer aave_liquidate(struct aave_account *account, size_t collateral, size_t debt, struct u256 cover,
				struct aave_liquidation *out)
{
	const struct version *version = version_of(account);
	struct aave_reserve *held = &account->reserves[collateral], *owed = &account->reserves[debt];
	struct aave_reserve held_before = *held, owed_before = *owed;
	struct u256 held_amount = aave_supply(account, held), owed_amount = aave_debt(account, owed), limit, taken;
	struct aave_health health;
	bool burnt, last;

	*out = (struct aave_liquidation){.repaid = u256(0)};
	if (!aave_health(account, &health))
		return AAVE_OVERFLOW;
	if (u256_compare(health.health, wad()) >= 0)
		return AAVE_HEALTHY;
	if (!is_collateral(account, held))
		return AAVE_NOT_COLLATERAL;
	if (u256_is_zero(owed_amount))
		return AAVE_NOT_BORROWED;
	limit = close_limit(account, &health, held, held_amount, owed, owed_amount);
	if (u256_compare(cover, limit) > 0)
		cover = limit;
	exchange(account, held, held_amount, owed, cover, out, &taken);
	if (taken.overflow || out->repaid.overflow || u256_sub(owed_amount, out->repaid).overflow)
		return AAVE_OVERFLOW;
	if (version->whole && leaves_dust(held, u256_sub(held_amount, taken), owed, u256_sub(owed_amount, out->repaid)))
		return AAVE_LEAVES_DUST;
	last = version->whole && !u256_compare(health.collateral, value_of(held, taken, U256_DOWN));
	burnt = take_out(&owed->scaled_debt, last ? owed_amount : out->repaid, owed->borrow_index, version->debt_out) &&
		take_out(&held->scaled_supply, out->seized, held->liquidity_index, version->supply_out);
	if (!burnt) {
		*owed = owed_before;
		*held = held_before;
		return AAVE_NOTHING;
	}
	if (!u256_compare(taken, held_amount))
		held->as_collateral = false;
	if (!u256_is_zero(out->fee))
		take_fee(account, held, out);
	if (!last)
		return AAVE_LIQUIDATED;
	owed->deficit = u256_add(owed->deficit, u256_sub(owed_amount, out->repaid));
	for (size_t i = 0; i < account->count; i++)
		if (!u256_is_zero(account->reserves[i].scaled_debt))
			write_off(account, &account->reserves[i], aave_debt(account, &account->reserves[i]));
	return AAVE_LIQUIDATED;
}

/* ---- configuration -------------------------------------------------------------------------------------------------- */

static bool ratios_fit(unsigned ltv, unsigned threshold, unsigned bonus)
{
	return ltv <= threshold && threshold <= PERCENT && (!threshold || (bonus >= PERCENT && bonus <= 65535));
}

int aave_check(const struct aave_account *account, struct error *err)
{
	const struct aave_emode *emode = &account->emode;

	if (account->version != AAVE_3_0 && account->version != AAVE_3_6)
		return error_set(err, -EINVAL, "Aave's version is neither 3.0 nor 3.6");
	if (!account->count || account->count > RESERVES_MAX)
		return error_set(err, -EINVAL, "%zu reserves; a pool has 1 to %d", account->count, RESERVES_MAX);
	if (account->has_emode && !ratios_fit(emode->ltv, emode->liquidation_threshold, emode->liquidation_bonus))
		return error_set(err, -EINVAL, "e-mode: ltv %u, liquidation threshold %u, liquidation bonus %u: 0 <= ltv <= threshold <= "
					       "10000 <= bonus <= 65535", emode->ltv, emode->liquidation_threshold, emode->liquidation_bonus);
	for (size_t i = 0; i < account->count; i++) {
		const struct aave_reserve *r = &account->reserves[i];

		if (r->decimals > DECIMALS_MAX)
			return error_set(err, -EINVAL, "reserve %zu: %u decimals; at most %d", i, r->decimals, DECIMALS_MAX);
		if (!ratios_fit(r->ltv, r->liquidation_threshold, r->liquidation_bonus) || r->protocol_fee > PERCENT)
			return error_set(err, -EINVAL, "reserve %zu: ltv %u, liquidation threshold %u, liquidation bonus %u, protocol fee %u: "
						       "0 <= ltv <= threshold <= 10000 <= bonus <= 65535, fee <= 10000", i, r->ltv,
					 r->liquidation_threshold, r->liquidation_bonus, r->protocol_fee);
		if (u256_is_zero(r->price))
			return error_set(err, -EINVAL, "reserve %zu: its price is nothing", i);
		if (u256_compare(r->liquidity_index, ray()) < 0 || u256_compare(r->borrow_index, ray()) < 0)
			return error_set(err, -EINVAL, "reserve %zu: an index is below 1 (1e27)", i);
	}
	return 0;
}
