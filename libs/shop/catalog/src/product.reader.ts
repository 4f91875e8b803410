import { Injectable } from '@nestjs/common';
import { MultiLevelCache, type ReadOptions, valueMayBeOld, type WarmupEntry } from '@fourfold/cache';
import { useReadIndex } from '@fourfold/db-routing';
import { canonicalJson } from '@fourfold/kernel';
import {
  gbp,
  pageOf,
  type Page,
  ProductCatalogue,
  ProductNotFoundError,
  type ProductView,
} from '@shop/contracts';
import { DataSource, In, MoreThan } from 'typeorm';
import type { ListProducts } from './catalog.schemas.js';
import {
  productCache,
  type ProductCard,
  type ProductIds,
  productIdsCache,
  stockCache,
} from './product.caches.js';
import { ProductEntity } from './product.entity.js';
import { StockEntity } from './stock.entity.js';

/** For what is kept as a whole: made of an L1 that has not heard of a change yet, it would stay old in every process. */
const FRESH: ReadOptions = { skipL1: true };

@Injectable()
export class ProductReader extends ProductCatalogue {
  private readonly cards = this.cache.namespace(productCache);
  private readonly stock = this.cache.namespace(stockCache);
  private readonly ids = this.cache.namespace(productIdsCache);

  /** What `get` made of a card last. */
  private readonly views = new WeakMap<ProductCard, ProductView>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly cache: MultiLevelCache,
  ) {
    super();
  }

  /**
   * While neither its card nor its stock changes, the same object, as the cache in this process has the card.
   * @throws ProductNotFoundError
   */
  async get(id: string): Promise<ProductView> {
    const card = await this.cards.getOrLoad(id, async () => (await this.loadCards([id])).get(id));
    if (!card) throw new ProductNotFoundError([id]);
    const stock = (await this.stock.getOrLoad(id, async () => (await this.loadStock([id])).get(id))) ?? 0;
    const known = this.views.get(card);
    if (known?.stock === stock) return known;
    const view = { ...card, stock };
    this.views.set(card, view);
    return view;
  }

  async findMany(ids: readonly string[]): Promise<ReadonlyMap<string, ProductView>> {
    return this.find(ids, {});
  }

  /** What `findMany` of these would look for, and how it is loaded. */
  warmupOf(ids: readonly string[]): WarmupEntry[] {
    return [this.cards.entry(ids, this.loadCards), this.stock.entry(ids, this.loadStock)];
  }

  /**
   * By id, which is by age. The whole catalogue is as new as every confirmed change; by SKU it is as new as the replica
   * that answers.
   * @param after the `nextCursor` of the page before: an id
   */
  async list(query: ListProducts, after: string | undefined): Promise<Page<ProductView>> {
    const { limit, sku } = query;
    const find = (): Promise<ProductIds> => this.findIds(query, after);
    const load = (): Promise<ProductIds> => useReadIndex(find, { orReplica: valueMayBeOld });
    const page =
      sku === undefined
        ? await this.ids.getOrLoad(canonicalJson({ limit, after }), load, FRESH)
        : await find();
    const { items, nextCursor } = page ?? { items: [], nextCursor: null };
    const products = await this.find(items, FRESH);
    return { items: items.flatMap((id) => products.get(id) ?? []), nextCursor };
  }

  private async find(
    ids: readonly string[],
    options: ReadOptions,
  ): Promise<ReadonlyMap<string, ProductView>> {
    const cards = await this.cards.getMany(ids, this.loadCards, options);
    // What does not exist is asked for once: cards are mostly in this process, so to ask one after the other is quick.
    const existing = [...cards].flatMap(([id, card]) => (card ? [id] : []));
    const stock = await this.stock.getMany(existing, this.loadStock, options);
    const products = new Map<string, ProductView>();
    for (const [id, card] of cards) {
      if (card) products.set(id, { ...card, stock: stock.get(id) ?? 0 });
    }
    return products;
  }

  private async findIds({ limit, sku }: ListProducts, after: string | undefined): Promise<ProductIds> {
    const rows = await this.dataSource.getRepository(ProductEntity).find({
      select: { id: true },
      where: { ...(after ? { id: MoreThan(after) } : {}), ...(sku ? { sku } : {}) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
    const { items, nextCursor } = pageOf(rows, limit, (row) => row.id);
    return { items: items.map(({ id }) => id), nextCursor };
  }

  private readonly loadCards = async (ids: readonly string[]): Promise<Map<string, ProductCard>> => {
    const rows = await useReadIndex(
      () => this.dataSource.getRepository(ProductEntity).findBy({ id: In([...ids]) }),
      { orReplica: valueMayBeOld },
    );
    return new Map(
      rows.map(({ id, sku, name, priceMinor }) => [id, { id, sku, name, price: gbp(priceMinor) }]),
    );
  };

  private readonly loadStock = async (ids: readonly string[]): Promise<Map<string, number>> => {
    const rows = await useReadIndex(
      () => this.dataSource.getRepository(StockEntity).findBy({ productId: In([...ids]) }),
      { orReplica: valueMayBeOld },
    );
    return new Map(rows.map(({ productId, available }) => [productId, available]));
  };
}
