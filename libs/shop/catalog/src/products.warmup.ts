import { Injectable } from '@nestjs/common';
import { type WarmupEntry, WarmupSource } from '@fourfold/cache';
import { BestSellers } from '@shop/contracts';
import { ProductReader } from './product.reader.js';

/** About 1 kB of L1 each, card and stock together. */
const BEST_SELLERS = 500;

/** What sells most is asked for first: by the customers who look at it, and by each order. */
@Injectable()
export class ProductsWarmup extends WarmupSource {
  readonly name = 'products';

  constructor(
    private readonly bestSellers: BestSellers,
    private readonly products: ProductReader,
  ) {
    super();
  }

  async *entries(): AsyncGenerator<WarmupEntry> {
    yield* this.products.warmupOf(await this.bestSellers.ids(BEST_SELLERS));
  }
}
