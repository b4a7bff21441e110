/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a pool that quotes stale prices loses to arbitrage, with fees and blocks that come at rate λ.
 *
 * Milionis, Moallemi, Roughgarden, Automated Market Making and Arbitrage Profits in the Presence of Fees (2023): the share
 * of blocks with an arbitrage is 1 / (1 + sqrt(2λ) γ / σ), with γ = ln(1 + fee) and σ per square root of time. For a
 * constant product of value V the loss without fees (LVR) is V σ² / 8 per unit of time, and with them, exactly,
 *
 *     V σ²/8 · share · (e^{γ/2} + e^{-γ/2}) / (2 (1 - σ²/(8λ))),   σ² < 8λ.
 *
 * Blocks that come evenly (a chain with slots) cost less than blocks that come at random. Nezlobin, Tassy, Loss-Versus-Rebalancing
 * under Deterministic and Generalized block-times (2025): per block, and unit of liquidity (what is bought a unit of log price),
 *
 *     σ_b² / (2 + sqrt(2π)/|ζ(1/2)| · width/σ_b),
 *
 * width the whole of the range in which nobody trades, 2γ. A constant product of value V has V/4 units of liquidity. The formula
 * is an approximation: off by less than 0.5 % for widths below σ_b, by 2e-4 at 1 σ_b, by 1e-6 from 4 σ_b on.
 *
 * Moves of a Brownian price over a time τ: E|Δ| = σ sqrt(2τ/π), E(|Δ| - γ)+ = 2 (s φ(γ/s) - γ Φ(-γ/s)), s = σ sqrt(τ).
 */
#ifndef PL_MARGIN_LVR_H
#define PL_MARGIN_LVR_H

/* All rates and times in one unit of time; fee as a share (0.003). NAN where an argument is, or where σ² >= 8λ. */
double arbitrage_share(double sigma, double block_rate, double fee);
double lvr(double sigma);			       /* of a constant product, per value and time, without fees */
double lvr_with_fee(double sigma, double block_rate, double fee);

double arbitrage_per_block(double sigma_block, double width); /* even blocks, per unit of liquidity */
double lvr_even_blocks(double sigma, double block_time, double fee); /* as lvr_with_fee(), of even blocks */

double brownian_move(double sigma, double time);
double brownian_move_beyond(double sigma, double time, double fee);

#endif
