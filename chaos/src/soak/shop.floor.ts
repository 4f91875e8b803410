import type { Platform } from '@fourfold-tools/e2e';
import type { RowDataPacket } from 'mysql2/promise';
import { seeded } from '@fourfold-tools/testing';
import { oneOf, type Random, wholeNumber } from './random.js';

const PLENTIFUL = 16;
const SCARCE = 4;
const USERS = 40;
/** Of the orders that ask for something scarce. */
const SCARCE_SHARE = 0.15;

export interface Wish {
  userId: string;
  items: { productId: string; quantity: number }[];
}

/** Users on every shard, and products of which some are too few for all who want them. */
export interface ShopFloor {
  userIds: string[];
  plentiful: string[];
  scarce: string[];
  /** There is one unit of it. */
  lastOne: string;
  /** By product id. */
  stockAtStart: Map<string, number>;
}

export async function furnish({ shop, shards }: Platform, orders: number): Promise<ShopFloor> {
  const userIds: string[] = [];
  while (userIds.length < USERS || !(await everyShardHasUsers(shards))) userIds.push(await shop.user());
  const stockAtStart = new Map<string, number>();
  const products = async (count: number, stock: number) => {
    const ids = await Promise.all(Array.from({ length: count }, () => shop.product(stock)));
    for (const id of ids) stockAtStart.set(id, stock);
    return ids;
  };
  return {
    userIds,
    plentiful: await products(PLENTIFUL, orders * 10),
    // About a third of what is asked for, and few enough that their last units are fought over.
    scarce: await products(SCARCE, Math.max(2, Math.floor((orders * SCARCE_SHARE * 2) / SCARCE / 3))),
    lastOne: (await products(1, 1))[0]!,
    stockAtStart,
  };
}

/** What the order of that number asks for: the same for the same seed, whichever client places it. */
export function wishOf(floor: ShopFloor, seed: number, number: number): Wish {
  const random = seeded(seed + number * 7_919);
  const productIds = new Set<string>();
  if (random() < SCARCE_SHARE) productIds.add(oneOf(random, floor.scarce));
  const lines = wholeNumber(random, 1, 3);
  for (let line = 0; line < lines; line++) productIds.add(oneOf(random, floor.plentiful));
  return {
    userId: oneOf(random, floor.userIds),
    items: [...productIds].map((productId) => ({ productId, quantity: quantity(random) })),
  };
}

/** One user after the other wants the product of which there is one unit. */
export function rushWishOf({ userIds, lastOne }: ShopFloor, number: number): Wish {
  return {
    userId: userIds[number % userIds.length]!,
    items: [{ productId: lastOne, quantity: 1 }],
  };
}

const quantity = (random: Random): number => wholeNumber(random, 1, 3);

async function everyShardHasUsers(shards: Platform['shards']): Promise<boolean> {
  const counts = await Promise.all(
    Object.values(shards).map(async (pool) => {
      const [rows] = await pool.query<RowDataPacket[]>('SELECT id FROM users LIMIT 1');
      return rows.length;
    }),
  );
  return counts.every((count) => count > 0);
}
