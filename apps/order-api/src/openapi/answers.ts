import { replicaStates } from '@fourfold/db-routing';
import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';
import { cache, invalidation, warmUp } from './cache.answers.js';
import { bulkRedrive, deadLetter, deadLetterSummary } from './dead-letters.answers.js';
import { queue, queuePause } from './queue.answers.js';
import { rebalance, shardPlan, shards } from './shards.answers.js';
import { jsonSchemaOf } from './json-schema.js';

const money = z.object({ amount: z.int(), currency: z.string() });

const user = z.object({ id: idSchema, name: z.string(), email: z.email(), createdAt: z.iso.datetime() });

const product = z.object({ id: idSchema, sku: z.string(), name: z.string(), price: money, stock: z.int() });

const order = z.object({
  id: idSchema,
  userId: idSchema,
  status: z.enum(['pending', 'confirmed', 'rejected', 'cancelled']),
  items: z.array(z.object({ productId: idSchema, quantity: z.int(), unitPrice: money })),
  total: money,
  shippingAddress: z.string(),
  createdAt: z.iso.datetime(),
  rejectionReason: z.string().optional(),
});

const node = z.object({
  node: z.string(),
  role: z.enum(['primary', 'replica']),
  address: z.string().describe('host:port'),
  state: z.enum(['primary', ...replicaStates]),
  lagMs: z.int().nullable(),
  pool: z.object({ size: z.int(), used: z.int(), idle: z.int(), pending: z.int() }),
  readShareLastMinute: z.number().min(0).max(1).nullable(),
});

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
  shards,
  shardPlan,
  rebalance,
  cache,
  warmUp,
  invalidation,
  deadLetters: page(deadLetterSummary),
  deadLetter,
  bulkRedrive,
};

const problem = z.object({
  type: z.url(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().describe('Stable; listed in docs/errors.md'),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** Describes what a route answers: its success, and the form that every refusal has. */
export function Answers(status: number, name: keyof typeof answers): MethodDecorator {
  return applyDecorators(
    ApiResponse({ status, content: { 'application/json': { schema: jsonSchemaOf(answers[name]) } } }),
    ApiResponse({
      status: 'default',
      description: 'A problem (RFC 9457)',
      content: { 'application/problem+json': { schema: jsonSchemaOf(problem) } },
    }),
  );
}
