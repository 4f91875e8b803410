import { Injectable } from '@nestjs/common';
import {
  BestSellers,
  OrderBaskets,
  type Page,
  ProductCatalogue,
  ProductNotFoundError,
  type ProductView,
} from '@shop/contracts';
import { AnswerMetrics, type Audience } from './answer.metrics.js';
import { NeighbourReader } from './neighbour.reader.js';

/** More than an answer may have, since some are sold out, or in the order. */
const BEST_SELLERS = 200;
/** Products that are looked up in one step, after the first one. */
const AT_ONCE = 20;

/**
 * What to show beside a product, or to a user: what was bought together with it, or with what the user's last order has,
 * the closest first; then, up to what is asked for, the best sellers. None that is in that order, is sold out, or does not
 * exist.
 */
@Injectable()
export class Recommender {
  constructor(
    private readonly neighbours: NeighbourReader,
    private readonly baskets: OrderBaskets,
    private readonly catalogue: ProductCatalogue,
    private readonly bestSellers: BestSellers,
    private readonly metrics: AnswerMetrics,
  ) {}

  /** @throws ProductNotFoundError */
  async forProduct(productId: string, limit: number): Promise<Page<ProductView>> {
    const known = await this.catalogue.findMany([productId]);
    if (!known.has(productId)) throw new ProductNotFoundError([productId]);
    return this.answer('product', await this.neighbours.ofProduct(productId), [productId], limit);
  }

  /** @param userId of a user who exists */
  async forUser(userId: string, limit: number): Promise<Page<ProductView>> {
    const basket = await this.baskets.latestOf(userId);
    if (!basket) return this.answer('user', [], [], limit);
    return this.answer('user', await this.neighbours.ofBasket(basket), basket.productIds, limit);
  }

  private async answer(
    audience: Audience,
    neighbours: readonly string[],
    except: readonly string[],
    limit: number,
  ): Promise<Page<ProductView>> {
    const items = await this.available(neighbours, limit);
    const close = items.length;
    if (close < limit) {
      const shown = new Set([...except, ...items.map(({ id }) => id)]);
      const others = (await this.bestSellers.ids(BEST_SELLERS)).filter((id) => !shown.has(id));
      items.push(...(await this.available(others, limit - close)));
    }
    this.metrics.answered(audience, close === 0 ? 'best_sellers' : close < items.length ? 'both' : 'pairs');
    return { items, nextCursor: null };
  }

  /**
   * The first `limit` of them that can be bought. Few are sold out, so no more than those are looked up at first, and then
   * {@link AT_ONCE} at least: a shop that has sold out is looked through in a few steps, however few are asked for.
   */
  private async available(ids: readonly string[], limit: number): Promise<ProductView[]> {
    const found: ProductView[] = [];
    for (let from = 0, to = limit; from < ids.length && found.length < limit;) {
      const some = ids.slice(from, to);
      [from, to] = [to, to + Math.max(limit, AT_ONCE)];
      const products = await this.catalogue.findMany(some);
      found.push(...some.flatMap((id) => products.get(id) ?? []).filter(({ stock }) => stock > 0));
    }
    return found.slice(0, limit);
  }
}
