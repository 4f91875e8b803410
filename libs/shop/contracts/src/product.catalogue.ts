import type { EntityManager } from 'typeorm';
import type { Money } from './primitives.js';

export interface ProductView {
  id: string;
  sku: string;
  name: string;
  price: Money;
  stock: number;
}

export interface StockLine {
  productId: string;
  quantity: number;
}

/** How other parts of the shop see products. Implemented by `catalog`. */
export abstract class ProductCatalogue {
  /** The products that exist, by id. Price and stock may come from the cache. */
  abstract findMany(ids: readonly string[]): Promise<ReadonlyMap<string, ProductView>>;
}

/** Moves stock inside the caller's transaction. Implemented by `catalog`. */
export abstract class StockKeeper {
  /**
   * Takes of each order every line or none, the first order first, and never more than there is.
   * @param orders the lines of each
   * @returns of each order whether its stock was taken
   */
  abstract take(manager: EntityManager, orders: readonly (readonly StockLine[])[]): Promise<boolean[]>;

  /** Gives back what an order had taken. */
  abstract giveBack(manager: EntityManager, lines: readonly StockLine[]): Promise<void>;

  /**
   * To be called once the transaction has committed: the cached stock is not true any more.
   * @returns `deferred` when the cache could not be told yet
   */
  abstract changed(lines: readonly Pick<StockLine, 'productId'>[]): Promise<{ deferred: boolean }>;
}
