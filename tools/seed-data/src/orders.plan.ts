import { seeded } from '@fourfold-tools/testing';
import { composeSnowflake } from '@fourfold/sharding';
import { DAY_MS, firstSequence, type SeedSizes, WORKER_ID } from './shop.plan.js';
import { WeightedChoice } from './weighted.choice.js';

export interface SeedOrder {
  id: string;
  atMs: number;
  /** Index of its user. */
  user: number;
  /** Indexes of its products, each once. */
  lines: { product: number; quantity: number }[];
  status: 'confirmed' | 'rejected' | 'cancelled';
}

const HOUR_MS = 3_600_000;
/** Orders in each hour of a day, midnight first: a quiet night, a busy noon and a busier evening. */
const HOURS = [9, 5, 3, 2, 2, 3, 8, 20, 36, 48, 56, 62, 70, 66, 58, 54, 54, 60, 70, 84, 92, 80, 50, 22];
/** Orders with one product, two, and so on: 2.2 on average. */
const LINES = [40, 27, 16, 9, 5, 3];
/** Lines of one unit, two, and so on. */
const QUANTITIES = [75, 15, 5, 3, 1, 1];
const STATUSES = ['confirmed', 'rejected', 'cancelled'] as const;
/** Percent of the orders. */
const STATUS_SHARES = [92, 5, 3];
/** Zipf's law with 1 fits sales of most shops: the best product of 10,000 is in a tenth of the lines. */
const PRODUCT_EXPONENT = 1;
/** Customers differ less: of 200,000 the most loyal tenth places half of the orders. */
const USER_EXPONENT = 0.7;

/** The orders in the order of time, and so of their ids: the same for the same sizes. */
export function* ordersOf(sizes: SeedSizes): Generator<SeedOrder> {
  const { orders, users, products, days, seed, untilMs } = sizes;
  const random = seeded(seed + 2);
  const [productChoice, userChoice] = [
    WeightedChoice.zipf(products, PRODUCT_EXPONENT),
    WeightedChoice.zipf(users, USER_EXPONENT),
  ];
  const [lineCounts, quantities, statuses] = [LINES, QUANTITIES, STATUS_SHARES].map(
    (weights) => new WeightedChoice(weights),
  );
  const firstMs = untilMs - days * DAY_MS;
  const firstHour = Math.floor(firstMs / HOUR_MS);
  const hours = new WeightedChoice(
    Array.from({ length: days * 24 }, (_, hour) => HOURS[(firstHour + hour) % 24]!),
  );
  const first = firstSequence(seed);
  let [placed, lastMs, sequence] = [0, 0, first];
  for (let hour = 0; hour < days * 24; hour += 1) {
    const until = Math.round(orders * hours.shareOfFirst(hour + 1));
    const inHour = until - placed;
    for (let nth = 0; nth < inHour; nth += 1, placed += 1) {
      const atMs = firstMs + hour * HOUR_MS + Math.floor(((nth + random()) * HOUR_MS) / inHour);
      sequence = atMs === lastMs ? sequence + 1 : first;
      lastMs = atMs;
      const chosen = new Set<number>();
      const wanted = Math.min(products, 1 + lineCounts!.pick(random()));
      while (chosen.size < wanted) chosen.add(productChoice.pick(random()));
      yield {
        id: composeSnowflake({ timeMs: atMs, workerId: WORKER_ID, sequence }),
        atMs,
        user: userChoice.pick(random()),
        lines: Array.from(chosen, (product) => ({ product, quantity: 1 + quantities!.pick(random()) })),
        status: STATUSES[statuses!.pick(random())]!,
      };
    }
  }
}
