import { Injectable } from '@nestjs/common';
import { MultiLevelCache } from '@fourfold/cache';
import { inTransaction, isDuplicateKey } from '@fourfold/db-routing';
import { Outbox } from '@fourfold/outbox';
import { SnowflakeIds } from '@fourfold/sharding';
import {
  cacheInvalidationQueue,
  gbp,
  type CacheInvalidation,
  ProductNotFoundError,
  type ShopQueue,
  type ProductView,
} from '@shop/contracts';
import { DataSource } from 'typeorm';
import { SkuTakenError } from './catalog.errors.js';
import type { CreateProduct } from './catalog.schemas.js';
import { ProductCaches } from './product.caches.js';
import { ProductEntity } from './product.entity.js';
import { StockEntity } from './stock.entity.js';

/** What an operator does to the catalogue. */
@Injectable()
export class ProductEditor {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ids: SnowflakeIds,
    private readonly outbox: Outbox<ShopQueue>,
    private readonly cache: MultiLevelCache,
    private readonly caches: ProductCaches,
  ) {}

  /** @throws SkuTakenError */
  async create({ sku, name, price, stock }: CreateProduct): Promise<ProductView> {
    const id = await this.ids.waitForId();
    try {
      await inTransaction(this.dataSource, async (manager) => {
        await manager.insert(ProductEntity, {
          id,
          sku,
          name,
          priceMinor: price.amount,
          currency: price.currency,
        });
        await manager.insert(StockEntity, { productId: id, available: stock });
      });
    } catch (error) {
      throw isDuplicateKey(error) ? new SkuTakenError(sku) : error;
    }
    await this.caches.created(id);
    return { id, sku, name, price: gbp(price.amount), stock };
  }

  /**
   * Sets what is available, whatever it was before.
   * @throws ProductNotFoundError
   */
  async setStock(productId: string, available: number): Promise<void> {
    // Not in the transaction, which would hold what it has locked while there are no ids.
    const messageId = `stock-set:${await this.ids.waitForId()}`;
    const payload: CacheInvalidation = { stock: [productId] };
    await this.cache.invalidateAfter(async () => {
      // Held back until the transaction has ended, and done also when it fails: its COMMIT may have lost its answer alone.
      await this.caches.stockChanged([productId]);
      await inTransaction(this.dataSource, async (manager) => {
        const { affected } = await manager.update(StockEntity, { productId }, { available });
        if (!affected) throw new ProductNotFoundError([productId]);
        await this.outbox.add(manager, { messageId, queue: cacheInvalidationQueue.name, payload });
      });
    });
  }
}
