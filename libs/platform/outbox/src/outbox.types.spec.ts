import type { EntityManager } from 'typeorm';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { OutboxMessage } from './outbox.message.js';
import { Outbox } from './outbox.js';

const letters = { name: 'letters', payload: z.object({ to: z.string() }) } as const;
const parcels = { name: 'parcels', payload: z.object({ grams: z.number() }) } as const;
const leaflets = { name: 'leaflets' } as const;
type PostalQueue = typeof letters | typeof parcels | typeof leaflets;

const manager = {} as EntityManager;

/** Compiled by `tsc -b`, and never called: a line that should not compile and does is an error there. */
export async function whatCompiles(outbox: Outbox<PostalQueue>, untyped: Outbox): Promise<void> {
  const [messageId, to] = ['m', 'you'];
  await outbox.add(manager, { messageId, queue: letters.name, payload: { to } });
  await outbox.add(manager, { messageId, queue: 'parcels', payload: { grams: 5 }, runAt: new Date() });
  await outbox.add(manager, { messageId, queue: 'leaflets', payload: { anything: true } });
  const toParcels: OutboxMessage<typeof parcels> = { messageId, queue: 'parcels', payload: { grams: 5 } };
  await outbox.add(manager, toParcels, { messageId, queue: 'letters', payload: { to } });

  // @ts-expect-error the payload is another queue's
  await outbox.add(manager, { messageId, queue: parcels.name, payload: { to } });
  // @ts-expect-error `to` is a number
  await outbox.add(manager, { messageId, queue: 'letters', payload: { to: 7 } });
  // @ts-expect-error `to` is missing
  await outbox.add(manager, { messageId, queue: 'letters', payload: {} });
  // @ts-expect-error the application has no such queue
  await outbox.add(manager, { messageId, queue: 'telegrams', payload: { to } });
  // @ts-expect-error it may be any queue
  await outbox.add(manager, { messageId, queue: letters.name as string, payload: { to } });
  // @ts-expect-error of an outbox without queues nothing is known
  await untyped.add(manager, { messageId, queue: 'letters', payload: { to } });
}

it('is one class whatever its queues are: the type is all that differs', () => {
  expect(new Outbox<PostalQueue>()).toBeInstanceOf(Outbox);
});
