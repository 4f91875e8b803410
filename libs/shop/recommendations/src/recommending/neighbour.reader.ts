import { Injectable } from '@nestjs/common';
import { MultiLevelCache, valueMayBeOld } from '@fourfold/cache';
import { onReadConnection, useReadIndex } from '@fourfold/db-routing';
import type { Basket } from '@shop/contracts';
import { DataSource } from 'typeorm';
import { basketNeighboursCache, productNeighboursCache } from '../recommendations.cache.js';
import { type Neighbour, rank } from './neighbour.policy.js';

/** Primary keys: of each product that is asked for, one range. */
export const NEIGHBOURS = `
  SELECT pair.other_id AS productId, pair.orders AS together, other.orders AS orders, own.orders AS ordersOfOther
  FROM basket_pairs AS pair
  JOIN basket_products AS own ON own.product_id = pair.product_id
  JOIN basket_products AS other ON other.product_id = pair.other_id
  WHERE pair.product_id IN (?)
`;

/** Products of a basket whose neighbours are asked for: some 5,000 rows at most. */
const MOST_ASKED_FOR = 50;
/** More than an answer may have, since some are sold out. */
const MOST_NEIGHBOURS = 150;

interface NeighbourRow {
  productId: string;
  together: number | string;
  orders: number | string;
  ordersOfOther: number | string;
}

/** Which products are bought with others, the closest first: by product and by order, from the cache. */
@Injectable()
export class NeighbourReader {
  private readonly ofProducts = this.cache.namespace(productNeighboursCache);
  private readonly ofBaskets = this.cache.namespace(basketNeighboursCache);

  constructor(
    private readonly dataSource: DataSource,
    private readonly cache: MultiLevelCache,
  ) {}

  async ofProduct(productId: string): Promise<string[]> {
    return (await this.ofProducts.getOrLoad(productId, () => this.load([productId]))) ?? [];
  }

  /** None of the basket's own. What an order has never changes, so its id says what they are of. */
  async ofBasket({ orderId, productIds }: Basket): Promise<string[]> {
    return (await this.ofBaskets.getOrLoad(orderId, () => this.load(productIds))) ?? [];
  }

  private async load(productIds: readonly string[]): Promise<string[]> {
    const neighbours = await useReadIndex(() => this.find(productIds.slice(0, MOST_ASKED_FOR)), {
      orReplica: valueMayBeOld,
    });
    return rank(neighbours, { except: new Set(productIds), most: MOST_NEIGHBOURS });
  }

  private async find(productIds: readonly string[]): Promise<Neighbour[]> {
    const rows = await onReadConnection(this.dataSource, (runner) =>
      this.dataSource.query<NeighbourRow[]>(NEIGHBOURS, [productIds], runner),
    );
    return rows.map(({ productId, together, orders, ordersOfOther }) => ({
      productId: String(productId),
      together: Number(together),
      orders: Number(orders),
      ordersOfOther: Number(ordersOfOther),
    }));
  }
}
