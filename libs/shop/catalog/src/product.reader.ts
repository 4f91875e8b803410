import { Injectable } from '@nestjs/common';
import { MultiLevelCache, valueMayBeOld, type WarmupEntry } from '@fourfold/cache';
import { usePrimary } from '@fourfold/db-routing';
import {
  gbp,
  type Money,
  pageOf,
  type Page,
  ProductCatalogue,
  ProductNotFoundError,
  type ProductView,
} from '@shop/contracts';
import { DataSource, In, MoreThan } from 'typeorm';
import type { ListProducts } from './catalog.schemas.js';
import { ProductEntity } from './product.entity.js';
import { StockEntity } from './stock.entity.js';

/** The part of a product that hardly ever changes, cached for an hour. */
interface ProductCard {
  id: string;
  sku: string;
  name: string;
  price: Money;
}

@Injectable()
export class ProductReader extends ProductCatalogue {
  constructor(
    private readonly dataSource: DataSource,
    private readonly cache: MultiLevelCache,
  ) {
    super();
  }

  /** @throws ProductNotFoundError */
  async get(id: string): Promise<ProductView> {
    const product = (await this.findMany([id])).get(id);
    if (!product) throw new ProductNotFoundError([id]);
    return product;
  }

  async findMany(ids: readonly string[]): Promise<ReadonlyMap<string, ProductView>> {
    const cards = await this.cache.getMany<ProductCard>('product', ids, this.loadCards);
    // What does not exist is asked for once: cards are mostly in this process, so to ask one after the other is quick.
    const existing = [...cards].flatMap(([id, card]) => (card ? [id] : []));
    const stock = await this.cache.getMany<number>('stock', existing, this.loadStock);
    const products = new Map<string, ProductView>();
    for (const [id, card] of cards) {
      if (card) products.set(id, { ...card, stock: stock.get(id) ?? 0 });
    }
    return products;
  }

  /** What `findMany` of these would look for, and how it is loaded. */
  warmupOf(ids: readonly string[]): WarmupEntry[] {
    return [
      { namespace: 'product', ids, loadMany: this.loadCards },
      { namespace: 'stock', ids, loadMany: this.loadStock },
    ];
  }

  /**
   * By id, which is by age.
   * @param after the `nextCursor` of the page before: an id
   */
  async list({ limit, sku }: ListProducts, after: string | undefined): Promise<Page<ProductView>> {
    const rows = await this.dataSource.getRepository(ProductEntity).find({
      select: { id: true },
      where: { ...(after ? { id: MoreThan(after) } : {}), ...(sku ? { sku } : {}) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, (row) => row.id);
    const products = await this.findMany(items.map((row) => row.id));
    return { items: items.flatMap(({ id }) => products.get(id) ?? []), nextCursor };
  }

  private readonly loadCards = async (ids: readonly string[]): Promise<Map<string, ProductCard>> => {
    const rows = await usePrimary(
      () => this.dataSource.getRepository(ProductEntity).findBy({ id: In([...ids]) }),
      { orReplica: valueMayBeOld },
    );
    return new Map(
      rows.map(({ id, sku, name, priceMinor }) => [id, { id, sku, name, price: gbp(priceMinor) }]),
    );
  };

  private readonly loadStock = async (ids: readonly string[]): Promise<Map<string, number>> => {
    const rows = await usePrimary(
      () => this.dataSource.getRepository(StockEntity).findBy({ productId: In([...ids]) }),
      { orReplica: valueMayBeOld },
    );
    return new Map(rows.map(({ productId, available }) => [productId, available]));
  };
}
