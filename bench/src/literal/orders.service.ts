import { createHash } from 'node:crypto';
import { InjectQueue } from '@nestjs/bull';
import { Cache } from '@nestjs/cache-manager';
import {
  ConflictException,
  Injectable,
  NotFoundException,
  UnprocessableEntityException,
} from '@nestjs/common';
import type { Queue } from 'bull';
import { DataSource, In } from 'typeorm';
import { z } from 'zod';
import { IdempotencyKey, Order, OrderItem, Product, User, UserOrder } from './entities.js';
import { Shards } from './shards.js';

const HOUR_MS = 3_600_000;
const STOCK_TTL_MS = 300_000;
const PAGE = 20;
const id = z.string().regex(/^[1-9]\d{0,18}$/);

export const newOrder = z.strictObject({
  userId: id,
  items: z
    .array(z.strictObject({ productId: id, quantity: z.int().min(1) }))
    .min(1)
    .max(1_000),
  shippingAddress: z.string().trim().min(1).max(500),
});
export type NewOrder = z.output<typeof newOrder>;

const gbp = (amount: number) => ({ amount, currency: 'GBP' });

export interface OrderView {
  id: string;
  userId: string;
  status: string;
  createdAt: Date;
}

@Injectable()
export class OrdersService {
  constructor(
    private readonly main: DataSource,
    private readonly shards: Shards,
    private readonly cache: Cache,
    @InjectQueue('inventory') private readonly inventory: Queue,
    @InjectQueue('recommendations') private readonly recommendations: Queue,
    @InjectQueue('analytics') private readonly analytics: Queue,
  ) {}

  async place(caller: string, key: string, body: NewOrder): Promise<OrderView> {
    const requestHash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const earlier = await this.answerTo(`${caller}:${key}`);
    if (earlier) {
      if (earlier.requestHash !== requestHash) throw new UnprocessableEntityException();
      return JSON.parse(earlier.response) as OrderView;
    }
    await this.user(body.userId);
    const products = await Promise.all(body.items.map(({ productId }) => this.product(productId)));
    body.items.forEach(({ quantity }, at) => {
      if (products[at]!.stock < quantity) throw new ConflictException('insufficient stock');
    });
    const view = await this.main.transaction(async (manager) => {
      const order = await manager.save(
        manager.create(Order, {
          userId: body.userId,
          status: 'pending',
          total: body.items.reduce((sum, { quantity }, at) => sum + quantity * products[at]!.price, 0),
          shippingAddress: body.shippingAddress,
          items: body.items.map(({ productId, quantity }, at) =>
            manager.create(OrderItem, { productId, quantity, unitPrice: products[at]!.price }),
          ),
        }),
      );
      const saved = viewOf(order);
      await manager.insert(IdempotencyKey, {
        key: `${caller}:${key}`,
        requestHash,
        response: JSON.stringify(saved),
      });
      return saved;
    });
    await Promise.all([
      this.cache.set(`order:${view.id}`, view, HOUR_MS),
      this.shards.of(body.userId).getRepository(UserOrder).insert({ userId: body.userId, orderId: view.id }),
      this.cache.del(`orders-of:${body.userId}`),
    ]);
    await this.inventory.add({ orderId: view.id }, { attempts: 4, removeOnComplete: true });
    await this.recommendations.add(
      { orderId: view.id },
      { delay: 5_000, attempts: 4, removeOnComplete: true },
    );
    await this.analytics.add({ orderId: view.id }, { attempts: 4, removeOnComplete: true });
    return view;
  }

  /** @throws NotFoundException */
  async get(orderId: string): Promise<OrderView> {
    return this.cache.wrap(
      `order:${orderId}`,
      async () => {
        const order = await this.main
          .getRepository(Order)
          .findOne({ where: { id: orderId }, relations: { items: true } });
        if (!order) throw new NotFoundException();
        return viewOf(order);
      },
      HOUR_MS,
    );
  }

  async listOf(userId: string): Promise<{ items: OrderView[]; nextCursor: string | null }> {
    await this.user(userId);
    return this.cache.wrap(
      `orders-of:${userId}`,
      async () => {
        const rows = await this.shards
          .of(userId)
          .getRepository(UserOrder)
          .find({
            where: { userId },
            order: { orderId: 'DESC' },
            take: PAGE + 1,
          });
        const ids = rows.slice(0, PAGE).map(({ orderId }) => orderId);
        const orders = await this.main
          .getRepository(Order)
          .find({ where: { id: In(ids) }, relations: { items: true }, order: { id: 'DESC' } });
        return { items: orders.map(viewOf), nextCursor: rows.length > PAGE ? ids.at(-1)! : null };
      },
      HOUR_MS,
    );
  }

  /** @throws NotFoundException */
  product(productId: string): Promise<Product> {
    return this.cache.wrap(
      `product:${productId}`,
      async () => {
        const product = await this.main.getRepository(Product).findOneBy({ id: productId });
        if (!product) throw new NotFoundException();
        return product;
      },
      STOCK_TTL_MS,
    );
  }

  /** On the primary: a replica may not have it yet. */
  private async answerTo(key: string): Promise<IdempotencyKey | null> {
    const runner = this.main.createQueryRunner('master');
    try {
      return await runner.manager.findOneBy(IdempotencyKey, { key });
    } finally {
      await runner.release();
    }
  }

  private user(userId: string): Promise<User> {
    return this.cache.wrap(
      `user:${userId}`,
      async () => {
        const user = await this.shards.of(userId).getRepository(User).findOneBy({ id: userId });
        if (!user) throw new NotFoundException();
        return user;
      },
      HOUR_MS,
    );
  }
}

export const productView = ({ price, ...product }: Product) => ({ ...product, price: gbp(price) });

function viewOf(order: Order) {
  const { id: orderId, userId, status, total, shippingAddress, createdAt, items } = order;
  return {
    id: orderId,
    userId,
    status,
    items: items.map(({ productId, quantity, unitPrice }) => ({
      productId,
      quantity,
      unitPrice: gbp(unitPrice),
    })),
    total: gbp(total),
    shippingAddress,
    createdAt,
  };
}
