import { defineQueue } from '@fourfold/queue';
import { z } from 'zod';
import { idSchema } from './primitives.js';

const orderPlaced = z.object({ orderId: idSchema });

/** Takes the stock of a new order and settles it: confirmed or rejected. As many at once as share a transaction. */
export const inventoryQueue = defineQueue({ name: 'inventory', payload: orderPlaced, concurrency: 64 });
export type InventoryJob = z.output<typeof orderPlaced>;

const orderIndexEntry = z.object({
  orderId: idSchema,
  userId: idSchema,
  createdAt: z.iso.datetime(),
});

/** Writes the user's order index on the user's shard: as many at once as make a few statements on each of four shards. */
export const orderIndexQueue = defineQueue({
  name: 'order-index',
  payload: orderIndexEntry,
  concurrency: 48,
});
export type OrderIndexEntry = z.output<typeof orderIndexEntry>;

const outcomeEmail = z.object({
  outcome: z.enum(['confirmed', 'rejected', 'cancelled']),
  orderId: idSchema,
  userId: idSchema,
  total: z.object({ amount: z.int(), currency: z.string() }),
});

/** Tells the customer how the order ended. The customer waits for it: it goes before all jobs that no customer sees. */
export const emailQueue = defineQueue({
  name: 'email',
  payload: outcomeEmail,
  concurrency: 30,
  priority: 'high',
});
export type OutcomeEmail = z.output<typeof outcomeEmail>;

/** Ids by namespace: one message for all that one write has changed. */
const cacheInvalidation = z.partialRecord(
  z.enum(['user', 'product', 'stock', 'order', 'user-orders']),
  z.array(idSchema).min(1),
);

/**
 * The net under a writer that dies between its commit and its invalidation: the message commits with the write, so the
 * old value is dropped in any case.
 */
export const cacheInvalidationQueue = defineQueue({
  name: 'cache-invalidation',
  payload: cacheInvalidation,
  concurrency: 8,
});
export type CacheInvalidation = z.output<typeof cacheInvalidation>;

/** Of a release before: one order a message. */
const oneBasket = z.object({ orderId: idSchema }).transform(({ orderId }) => ({ orderIds: [orderId] }));
const basketJob = z.union([z.object({ orderIds: z.array(idSchema).min(1) }), oneBasket]);

/** From the confirmation of an order until it counts for recommendations: what the customer waits for goes first. */
export const RECOMMENDATIONS_AFTER_MS = 5_000;

/** Counts which products orders have together. One message has the orders that were confirmed in a transaction. */
export const recommendationsQueue = defineQueue({
  name: 'recommendations',
  payload: basketJob,
  concurrency: 64,
  priority: 'low',
});
export type BasketJob = z.output<typeof basketJob>;

const reportJob = z.object({ reportId: idSchema });

/**
 * Makes a report, in a child process. One at a time in a worker: it reads for minutes, and no caller waits for it. When its
 * attempts are spent its report has failed; an operator may redrive it.
 */
export const reportQueue = defineQueue({
  name: 'report',
  payload: reportJob,
  concurrency: 1,
  priority: 'low',
  isolation: 'child-process',
  autoRedrive: { times: 0, firstAfterMs: 60_000, capMs: 60_000 },
});
export type ReportJob = z.output<typeof reportJob>;

const reportEmail = z.object({
  reportId: idSchema,
  title: z.string(),
  to: z.email(),
  requestedAt: z.iso.datetime(),
  objectKey: z.string(),
  fileName: z.string(),
});

/** Tells who asked for a report that it is ready, with a link to it. */
export const reportEmailQueue = defineQueue({ name: 'report-email', payload: reportEmail, concurrency: 2 });
export type ReportEmail = z.output<typeof reportEmail>;

const accountEmail = z.discriminatedUnion('mail', [
  z.object({ mail: z.literal('confirm-email'), userId: idSchema, changeId: idSchema }),
  // All that it says: by the time that it is sent the change may be done, and another one begun.
  z.object({ mail: z.literal('email-notice'), changeId: idSchema, to: z.email(), wanted: z.email() }),
]);

/** About a change of a customer's address: a link to the new one, a notice to the old one. */
export const accountEmailQueue = defineQueue({
  name: 'account-email',
  payload: accountEmail,
  concurrency: 2,
});
export type AccountEmail = z.output<typeof accountEmail>;

export const orderEventKinds = ['placed', 'confirmed', 'rejected', 'cancelled'] as const;
export type OrderEventKind = (typeof orderEventKinds)[number];

const orderEvent = z.object({
  orderId: idSchema,
  event: z.enum(orderEventKinds),
  at: z.iso.datetime(),
  totalMinor: z.int(),
});
/** What happened to an order, and when. */
export type OrderEvent = z.output<typeof orderEvent>;

const orderEvents = z.object({ events: z.array(orderEvent).min(1) });

/** Writes what happened to orders into the log. One message has the events of a transaction; no caller waits for it. */
export const analyticsQueue = defineQueue({
  name: 'analytics',
  payload: orderEvents,
  concurrency: 16,
  priority: 'low',
});
export type AnalyticsJob = z.output<typeof orderEvents>;

/**
 * Brings the warehouse up to date, by a schedule. One attempt: the next tick goes on where this one stopped. Only a worker
 * with a warehouse's folder takes its jobs.
 */
export const warehouseSyncQueue = defineQueue({
  name: 'warehouse-sync',
  payload: z.object({}),
  concurrency: 1,
  priority: 'low',
  attempts: 1,
});

export const shopQueues = [
  inventoryQueue,
  orderIndexQueue,
  emailQueue,
  cacheInvalidationQueue,
  recommendationsQueue,
  reportQueue,
  reportEmailQueue,
  accountEmailQueue,
  analyticsQueue,
  warehouseSyncQueue,
];
/** What `Outbox<ShopQueue>` takes messages for. */
export type ShopQueue = (typeof shopQueues)[number];
