import type { EntityManager } from 'typeorm';

/** What one order has. */
export interface Basket {
  orderId: string;
  /** Each once, in the order of its lines. */
  productIds: string[];
}

/** How other parts of the shop learn what was ordered together. Implemented by `orders`. */
export abstract class OrderBaskets {
  /** Of these orders those that are confirmed at this moment, as `manager`'s transaction sees it. */
  abstract confirmed(manager: EntityManager, orderIds: readonly string[]): Promise<Basket[]>;

  /**
   * The user's newest order that is pending or confirmed, among the latest twenty: by way of the cache, and as new as the
   * list of her orders. `null` where there is none.
   */
  abstract latestOf(userId: string): Promise<Basket | null>;
}
