import { createHash } from 'node:crypto';
import { canonicalJson } from '@fourfold/kernel';
import {
  analyticsQueue,
  CURRENCY,
  cacheInvalidationQueue,
  emailQueue,
  gbp,
  inventoryQueue,
  type OrderEvent,
} from '@shop/contracts';
import { encode } from '@shop/orders';
import type { Connection } from 'mysql2/promise';
import { BulkTable, timeText } from './bulk.table.js';
import type { SeedOrder } from './orders.plan.js';
import { DAY_MS, type SeedProduct, type SeedUser } from './shop.plan.js';

/** How long the worker keeps such rows by default: of what is older there are none. */
const KEPT_MS = {
  keys: DAY_MS,
  outbox: 3 * DAY_MS,
  processed: 30 * DAY_MS,
  emails: 60 * DAY_MS,
  events: 90 * DAY_MS,
};
const SETTLED_AFTER_MS = 250;
const MAILED_AFTER_MS = 400;
/** Of its states: placed, settled, cancelled after that. */
const VERSIONS = { confirmed: 2, rejected: 2, cancelled: 3 };
const ROUTE = 'POST /v1/orders';

/** What an order leaves on the main cluster: itself, and rows that are not kept for long. */
export class OrderRows {
  private readonly orders: BulkTable;
  private readonly items: BulkTable;
  private readonly emails: BulkTable;
  private readonly processed: BulkTable;
  private readonly outbox: BulkTable;
  private readonly keys: BulkTable;
  private readonly events: BulkTable;

  /** @param connections three, for tables that are loaded at the same time */
  constructor(
    [first, second, third]: readonly [Connection, Connection, Connection],
    private readonly products: readonly SeedProduct[],
    private readonly users: readonly SeedUser[],
    private readonly untilMs: number,
  ) {
    this.orders = new BulkTable(first, 'orders', [
      'id',
      'user_id',
      'status',
      'rejection_reason',
      'total_minor',
      'currency',
      'shipping_address',
      'version',
      'created_at',
    ]);
    this.items = new BulkTable(second, 'order_items', [
      'order_id',
      'product_id',
      'line',
      'quantity',
      'unit_price_minor',
    ]);
    this.emails = new BulkTable(third, 'emails', [
      'msg_id',
      'order_id',
      'state',
      'recipient',
      'tries',
      'created_at',
      'sent_at',
    ]);
    this.processed = new BulkTable(third, 'processed_messages', ['consumer', 'msg_id', 'processed_at']);
    this.outbox = new BulkTable(
      third,
      'outbox',
      ['msg_id', 'queue', 'payload', 'run_at', '@done'],
      `SET state = 'done', attempts = 1, available_at = run_at, created_at = run_at, published_at = run_at,
         done_at = @done`,
    );
    this.events = new BulkTable(third, 'order_events', ['order_id', 'event', 'occurred_at', 'total_minor']);
    this.keys = new BulkTable(
      third,
      'idempotency_keys',
      ['caller', 'route', 'idempotency_key', '@hash', 'order_id', 'response_body', 'created_at'],
      'SET request_hash = UNHEX(@hash)',
    );
  }

  get loaded(): number {
    const { orders, items, emails, processed, outbox, keys, events } = this;
    return [orders, items, emails, processed, outbox, keys, events].reduce(
      (sum, { loaded }) => sum + loaded,
      0,
    );
  }

  add(order: SeedOrder): void {
    const { id, atMs, lines, status } = order;
    const user = this.users[order.user]!;
    const total = this.totalOf(order);
    const reason = status === 'rejected' ? 'out_of_stock' : null;
    const at = timeText(atMs);
    this.orders.add(id, user.id, status, reason, total, CURRENCY, user.address, VERSIONS[status], at);
    for (const [line, { product, quantity }] of lines.entries())
      this.items.add(id, this.products[product]!.id, line, quantity, this.products[product]!.priceMinor);
    const age = this.untilMs - atMs;
    const mailed = timeText(atMs + MAILED_AFTER_MS);
    const settled = timeText(atMs + SETTLED_AFTER_MS);
    if (age < KEPT_MS.emails)
      this.emails.add(`outcome-email:${id}`, id, 'sent', user.email, 1, settled, mailed);
    if (age < KEPT_MS.processed) this.processed.add('inventory', `order-placed:${id}`, settled);
    this.addEvents(order, total);
    if (age < KEPT_MS.outbox) this.addMessages(order, user, total);
    if (age < KEPT_MS.keys) this.addKey(order, user, total);
  }

  async flush(): Promise<void> {
    const { orders, items, emails, processed, outbox, keys, events } = this;
    const third = async () => {
      for (const table of [emails, processed, outbox, keys, events]) await table.flush();
    };
    await Promise.all([orders.flush(), items.flush(), third()]);
  }

  private totalOf({ lines }: SeedOrder): number {
    return lines.reduce(
      (sum, { product, quantity }) => sum + quantity * this.products[product]!.priceMinor,
      0,
    );
  }

  private addMessages({ id, atMs, status, lines }: SeedOrder, user: SeedUser, total: number): void {
    const outcome = status === 'rejected' ? 'rejected' : 'confirmed';
    const stock = lines.map(({ product }) => this.products[product]!.id);
    const messages: [messageId: string, queue: string, payload: object, afterMs: number][] = [
      [`order-placed:${id}`, inventoryQueue.name, { orderId: id }, 0],
      [
        `outcome-email:${id}`,
        emailQueue.name,
        { outcome, orderId: id, userId: user.id, total: gbp(total) },
        SETTLED_AFTER_MS,
      ],
    ];
    if (status === 'cancelled')
      messages.push([
        `order-cancelled:${id}:cache`,
        cacheInvalidationQueue.name,
        { order: [id], stock },
        MAILED_AFTER_MS,
      ]);
    for (const [messageId, queue, payload, afterMs] of messages) {
      const due = atMs + afterMs;
      this.outbox.add(
        messageId,
        queue,
        JSON.stringify(payload),
        timeText(due),
        timeText(due + SETTLED_AFTER_MS),
      );
    }
  }

  /** What the log has of it, and the messages by which that came: one for each event, as of orders that come alone. */
  private addEvents({ id, atMs, status }: SeedOrder, total: number): void {
    const outcome = status === 'rejected' ? 'rejected' : 'confirmed';
    const happened: [cause: string, event: OrderEvent['event'], afterMs: number][] = [
      ['placed', 'placed', 0],
      ['settled', outcome, SETTLED_AFTER_MS],
    ];
    if (status === 'cancelled') happened.push(['cancelled', 'cancelled', MAILED_AFTER_MS]);
    const age = this.untilMs - atMs;
    for (const [cause, event, afterMs] of happened) {
      const messageId = `order-events:${cause}:${id}`;
      const at = new Date(atMs + afterMs).toISOString();
      const [due, done] = [timeText(atMs + afterMs), timeText(atMs + afterMs + SETTLED_AFTER_MS)];
      if (age < KEPT_MS.events) this.events.add(id, event, due, total);
      if (age < KEPT_MS.processed) this.processed.add('analytics', messageId, done);
      if (age >= KEPT_MS.outbox) continue;
      const payload = { events: [{ orderId: id, event, at, totalMinor: total }] };
      this.outbox.add(messageId, analyticsQueue.name, JSON.stringify(payload), due, done);
    }
  }

  /** The answer that the order's request got, as order-api keeps it. */
  private addKey({ id, atMs, lines }: SeedOrder, user: SeedUser, total: number): void {
    const items = lines.map(({ product, quantity }) => {
      const { id: productId, priceMinor } = this.products[product]!;
      return { productId, quantity, unitPrice: gbp(priceMinor) };
    });
    const request = {
      userId: user.id,
      items: items.map(({ productId, quantity }) => ({ productId, quantity })),
      shippingAddress: user.address,
    };
    const { body } = encode({
      id,
      userId: user.id,
      status: 'pending',
      items,
      total: gbp(total),
      shippingAddress: user.address,
      createdAt: new Date(atMs).toISOString(),
      version: 1,
    });
    const hash = createHash('sha256').update(canonicalJson(request)).digest('hex');
    this.keys.add(`customer:${user.id}`, ROUTE, `seed-${id}`, hash, id, body, timeText(atMs));
  }
}
