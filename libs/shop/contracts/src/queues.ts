import { defineQueue } from '@fourfold/queue';
import { z } from 'zod';
import { idSchema } from './primitives.js';

const orderPlaced = z.object({ orderId: idSchema });

/** Takes the stock of a new order and settles it: confirmed or rejected. */
export const inventoryQueue = defineQueue({ name: 'inventory', payload: orderPlaced, concurrency: 8 });
export type InventoryJob = z.output<typeof orderPlaced>;

const orderIndexEntry = z.object({
  orderId: idSchema,
  userId: idSchema,
  createdAt: z.iso.datetime(),
});

/** Writes the user's order index on the user's shard. */
export const orderIndexQueue = defineQueue({ name: 'order-index', payload: orderIndexEntry, concurrency: 8 });
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
  concurrency: 10,
  priority: 'high',
});
export type OutcomeEmail = z.output<typeof outcomeEmail>;

/** Ids by namespace: one message for all that one write has changed. */
const cacheInvalidation = z.partialRecord(
  z.enum(['user', 'product', 'stock', 'order']),
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

export const shopQueues = [inventoryQueue, orderIndexQueue, emailQueue, cacheInvalidationQueue];
