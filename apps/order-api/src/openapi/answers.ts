import { replicaStates } from '@fourfold/db-routing';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';
import { recordedAction } from './audit.answers.js';
import { cache, invalidation, warmUp } from './cache.answers.js';
import { bulkRedrive, deadLetter, deadLetterSummary } from './dead-letters.answers.js';
import { funnelHour } from './funnel.answers.js';
import { begunMigration, migration, migrationDetail, plannedMigration } from './migrations.answers.js';
import { queue, queuePause, runNow } from './queue.answers.js';
import { report } from './report.answers.js';
import { rebalance, shardPlan, shards } from './shards.answers.js';
import { describing } from '../routes/operation.js';

const money = z
  .object({ amount: z.int().describe('In minor units'), currency: z.string() })
  .meta({ id: 'Money' });

const user = z
  .object({ id: idSchema, name: z.string(), email: z.email(), createdAt: z.iso.datetime() })
  .meta({ id: 'User' });

const product = z
  .object({ id: idSchema, sku: z.string(), name: z.string(), price: money, stock: z.int() })
  .meta({ id: 'Product' });

const order = z
  .object({
    id: idSchema,
    userId: idSchema,
    status: z.enum(['pending', 'confirmed', 'rejected', 'cancelled']),
    items: z.array(z.object({ productId: idSchema, quantity: z.int(), unitPrice: money })),
    total: money,
    shippingAddress: z.string(),
    createdAt: z.iso.datetime(),
    rejectionReason: z.string().optional(),
  })
  .meta({ id: 'Order' });

const node = z
  .object({
    node: z.string(),
    role: z.enum(['primary', 'replica']),
    address: z.string().describe('host:port'),
    state: z.enum(['primary', ...replicaStates]),
    lagMs: z.int().nullable(),
    pool: z.object({ size: z.int(), used: z.int(), idle: z.int(), pending: z.int() }),
    readShareLastMinute: z.number().min(0).max(1).nullable(),
  })
  .meta({ id: 'DatabaseNode' });

const page = (item: z.ZodType) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });

const answers = {
  user,
  product,
  order,
  users: page(user).extend({ partial: z.boolean(), unavailableShards: z.array(z.string()) }),
  products: page(product),
  orders: page(order),
  nodes: page(node),
  queues: page(queue),
  queuePause,
  runNow,
  shards,
  shardPlan,
  rebalance,
  migration,
  migrationDetail,
  begunMigration,
  plannedMigration,
  migrations: page(migration),
  cache,
  warmUp,
  invalidation,
  deadLetters: page(deadLetterSummary),
  deadLetter,
  bulkRedrive,
  report,
  funnel: page(funnelHour),
  audit: page(recordedAction),
  emailConfirmation: z.object({ status: z.literal('confirmed') }),
};

export const problem = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; listed in docs/errors.md'),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

/** Describes what a route answers when it succeeds, and with which headers of its own. */
export function Answers(
  status: number,
  name: keyof typeof answers,
  ...headers: readonly string[]
): MethodDecorator {
  return describing((operation) => operation.answers.set(status, { schema: answers[name], headers }));
}
