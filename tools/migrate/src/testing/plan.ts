import type { PlannedShop } from './planned.shop.js';

/** How the server has to find the rows of a statement. */
export interface Plan {
  readonly on: 'main' | 'shard';
  /** What the function puts into its text. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly parameters?: readonly unknown[];
  /** Of a statement that TypeORM writes: what sends it. Each one that it sends and that is `like` this has the plan. */
  readonly call?: (shop: PlannedShop) => Promise<unknown>;
  readonly like?: RegExp;
  /** Table, or its alias, and the index that finds its rows. */
  readonly by: Readonly<Record<string, string>>;
  /** Why every row of the index is read until the limit: there is nothing to find them by. */
  readonly walks?: string;
}

/** By the name that {@link orderedOrLocking} gives the statement. */
export type Plans = Readonly<Record<string, readonly Plan[]>>;
