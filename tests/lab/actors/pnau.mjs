// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Pyth's accumulator update ("PNAU"): the container that Hermes hands out and that updatePriceFeeds takes on real chains.
// The structure is the real one, all big-endian; the VAA carries no guardian signature, because nobody can make one here.
import { keccak256 } from 'viem';

const EMITTER = Buffer.from('e101faedac5851e32b9b23b5f9411a8c2bac4aae3ed4dd7b811dd1a72ea4aa71', 'hex');
const PYTHNET = 26;
let sequence = 5000000n;

const u8 = (v) => Buffer.from([v]);
const u16 = (v) => { const b = Buffer.alloc(2); b.writeUInt16BE(v); return b; };
const u32 = (v) => { const b = Buffer.alloc(4); b.writeUInt32BE(v); return b; };
const i32 = (v) => { const b = Buffer.alloc(4); b.writeInt32BE(v); return b; };
const i64 = (v) => { const b = Buffer.alloc(8); b.writeBigInt64BE(BigInt(v)); return b; };

// update: {id, price, conf, expo, publish_time, prev_publish_time, slot}, prices as integers or decimal text
export function accumulatorUpdate(update) {
	const message = Buffer.concat([
		u8(0), Buffer.from(update.id, 'hex'), i64(update.price), i64(update.conf), i32(update.expo),
		i64(update.publish_time), i64(update.prev_publish_time), i64(update.price), i64(update.conf),
	]);
	const root = Buffer.from(keccak256(Buffer.concat([u8(0), message]), 'bytes').subarray(0, 20)); // one leaf: no proof nodes
	const vaa = Buffer.concat([
		u8(1), u32(4), u8(0), // version, guardian set, no signature
		u32(update.publish_time), u32(0), u16(PYTHNET), EMITTER, i64(sequence++), u8(1),
		Buffer.from('AUWV'), u8(0), i64(update.slot), u32(10000), root,
	]);
	return Buffer.concat([
		Buffer.from('PNAU'), u8(1), u8(0), u8(0), u8(0), // version 1.0, nothing trailing, type 0
		u16(vaa.length), vaa, u8(1), u16(message.length), message, u8(0),
	]);
}
