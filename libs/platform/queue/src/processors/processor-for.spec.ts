import type { EntityManager } from 'typeorm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineQueue } from '../queue-definition.js';
import {
  type CommittedJob,
  type GroupedJob,
  type JobContext,
  PROCESSOR_FOR,
  ProcessorFor,
  type TransactionalJobContext,
} from './processor-for.js';

const orders = defineQueue({
  name: 'orders',
  payload: z.object({ orderId: z.string(), units: z.string().transform(Number) }),
});
type Order = z.output<typeof orders.payload>;

// What must not compile. The compiler checks this file with the library: an error that is expected and not there is one.

// @ts-expect-error the payload of another queue
@ProcessorFor(orders)
class OtherPayload {
  async handle(_payload: { email: string }): Promise<void> {}
}

// @ts-expect-error what the schema takes, and not what it gives
@ProcessorFor(orders)
class UnreadPayload {
  async handle(_payload: { units: string }): Promise<void> {}
}

// @ts-expect-error more than the payload has
@ProcessorFor(orders)
class MoreThanThePayload {
  async handle(_payload: Order & { email: string }): Promise<void> {}
}

// @ts-expect-error a transaction, which it gets with an inbox alone
@ProcessorFor(orders)
class TransactionWithoutInbox {
  async handle(_payload: Order, _context: TransactionalJobContext): Promise<void> {}
}

// @ts-expect-error the same, spelt out
@ProcessorFor(orders)
class ManagerWithoutInbox {
  async handle(_payload: Order, { manager }: JobContext & { manager: EntityManager }): Promise<void> {
    await manager.query('SELECT 1');
  }
}

// @ts-expect-error no handler
@ProcessorFor(orders)
class NoHandler {}

// @ts-expect-error a handler that is over before its effect is there
@ProcessorFor(orders)
class HandlesAtOnce {
  handle(_payload: Order): void {}
}

// @ts-expect-error the payload of another queue after the commit
@ProcessorFor(orders, { inbox: 'orders' })
class OtherPayloadAfterCommit {
  async handle(_payload: Order): Promise<void> {}
  async committed(_payload: { email: string }): Promise<void> {}
}

@ProcessorFor(orders)
// @ts-expect-error an option that does not exist
@ProcessorFor(orders, { inbocks: 'orders' })
class MisspeltOption {
  async handle(_payload: Order): Promise<void> {}
}

// @ts-expect-error one job where it is given many
@ProcessorFor(orders, { inbox: 'orders', together: {} })
class HandlesOneOfMany {
  async handle(_payload: Order): Promise<void> {}
}

// @ts-expect-error the payload of another queue, in a group
@ProcessorFor(orders, { inbox: 'orders', together: {} })
class OtherPayloadTogether {
  async handleTogether(jobs: readonly GroupedJob<{ email: string }>[]): Promise<unknown[]> {
    return [...jobs];
  }
}

@ProcessorFor(orders)
// @ts-expect-error a group without an inbox
@ProcessorFor(orders, { together: {} })
class TogetherWithoutInbox {
  async handle(_payload: Order): Promise<void> {}
}

const refused = [
  OtherPayload,
  UnreadPayload,
  MoreThanThePayload,
  TransactionWithoutInbox,
  ManagerWithoutInbox,
  NoHandler,
  HandlesAtOnce,
  OtherPayloadAfterCommit,
  MisspeltOption,
  HandlesOneOfMany,
  OtherPayloadTogether,
  TogetherWithoutInbox,
];

// What must compile.

@ProcessorFor(orders)
class Plain {
  constructor(readonly dependency: object) {}
  async handle({ orderId, units }: Order, { signal }: JobContext): Promise<void> {
    await Promise.resolve([orderId.length, units.toFixed(), signal]);
  }
}

@ProcessorFor(orders)
class PartOfThePayload {
  async handle(_payload: { orderId: string }): Promise<void> {}
}

@ProcessorFor(orders, { inbox: 'orders' })
class Transactional {
  async handle({ units }: Order, { manager }: TransactionalJobContext): Promise<number> {
    await manager.query('SELECT 1');
    return units;
  }
  async committed(_payload: Order, _units: number | undefined): Promise<void> {}
}

@ProcessorFor(orders, { inbox: 'orders', together: { mostJobs: 20 } })
class Together {
  async handleTogether(jobs: readonly GroupedJob<Order>[], manager: EntityManager): Promise<number[]> {
    await manager.query('SELECT 1');
    return jobs.map(({ payload: { units } }) => units);
  }
  async committed(_jobs: readonly CommittedJob<Order, number>[]): Promise<void> {}
}

it('marks the class with its queue and its options', () => {
  const markOf = (type: object) => Reflect.getMetadata(PROCESSOR_FOR, type) as object;
  for (const type of [...refused, Plain, PartOfThePayload])
    expect(markOf(type)).toMatchObject({ definition: orders });
  expect(markOf(Transactional)).toEqual({ definition: orders, inbox: 'orders' });
  expect(markOf(Together)).toEqual({ definition: orders, inbox: 'orders', together: { mostJobs: 20 } });
});
