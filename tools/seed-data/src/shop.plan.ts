import { seeded } from '@fourfold-tools/testing';
import { composeSnowflake } from '@fourfold/sharding';

export interface SeedSizes {
  orders: number;
  users: number;
  products: number;
  days: number;
  seed: number;
  /** The moment before which everything has happened; milliseconds since 1970. */
  untilMs: number;
}

export interface SeedProduct {
  id: string;
  sku: string;
  name: string;
  priceMinor: number;
  createdMs: number;
  /** What is left of it, beside what was sold. */
  left: number;
}

export interface SeedUser {
  id: string;
  name: string;
  email: string;
  address: string;
  createdMs: number;
}

export const DAY_MS = 86_400_000;
/** The last worker id: processes lease the lowest that is free. */
export const WORKER_ID = 1_023;
/**
 * The first sequence number of each millisecond: other seeds have other ids even of the same time. Up to 16 runs are
 * told apart, each with 256 rows of a table in one millisecond.
 */
export const firstSequence = (seed: number): number => (seed % 16) * 256;
const YEAR_MS = 365 * DAY_MS;
const MOST_LEFT = 5_000;

const colours = ['amber', 'blue', 'cream', 'grey', 'green', 'ivory', 'oak', 'red', 'slate', 'white'];
const things = ['bowl', 'candle', 'card', 'diary', 'lamp', 'mug', 'notebook', 'pen', 'scarf', 'teapot'];
const firstNames = ['Ada', 'Ben', 'Cleo', 'Dev', 'Esra', 'Finn', 'Grace', 'Hugo', 'Iris', 'Jonas', 'Kofi'];
const lastNames = ['Adeyemi', 'Brown', 'Clarke', 'Dubois', 'Evans', 'Fischer', 'Green', 'Hughes', 'Ito'];
const streets = ['Mill Lane', 'High Street', 'Church Road', 'Station Road', 'Park Avenue', 'The Green'];
const towns = ['Leeds LS1', 'York YO1', 'Bath BA1', 'Derby DE1', 'Luton LU1', 'Truro TR1', 'Wigan WN1'];

/** Products came in the year before the first order, from 1 to 200 pounds, many cheap and few dear. */
export function productsOf({ products, days, seed, untilMs }: SeedSizes): SeedProduct[] {
  const random = seeded(seed);
  const firstMs = untilMs - days * DAY_MS - YEAR_MS;
  return Array.from({ length: products }, (_, nth) => {
    const createdMs = firstMs + Math.floor((nth * YEAR_MS) / products);
    return {
      id: composeSnowflake({ timeMs: createdMs, workerId: WORKER_ID, sequence: firstSequence(seed) }),
      sku: `SEED-${seed}-${nth + 1}`,
      name: `${oneOf(colours, random)} ${oneOf(things, random)} ${nth + 1}`,
      priceMinor: Math.round(100 * 200 ** random()),
      createdMs,
      left: Math.floor(random() * MOST_LEFT),
    };
  });
}

/** Users signed up in the year before the first order. */
export function usersOf({ users, days, seed, untilMs }: SeedSizes): SeedUser[] {
  const random = seeded(seed + 1);
  const firstMs = untilMs - days * DAY_MS - YEAR_MS;
  return Array.from({ length: users }, (_, nth) => {
    const createdMs = firstMs + Math.floor((nth * YEAR_MS) / users);
    const house = 1 + Math.floor(random() * 200);
    return {
      id: composeSnowflake({ timeMs: createdMs, workerId: WORKER_ID, sequence: firstSequence(seed) }),
      name: `${oneOf(firstNames, random)} ${oneOf(lastNames, random)}`,
      email: `seed-${seed}-${nth + 1}@fourfold.test`,
      address: `${house} ${oneOf(streets, random)}, ${oneOf(towns, random)}`,
      createdMs,
    };
  });
}

const oneOf = <T>(choices: readonly T[], random: () => number): T =>
  choices[Math.floor(random() * choices.length)]!;
