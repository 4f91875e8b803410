import { Outbox } from '@fourfold/outbox';
import { emailQueue, inventoryQueue, type ShopQueue } from '@shop/contracts';
import type { EntityManager } from 'typeorm';
import { expect, it } from 'vitest';

/** Compiled by `tsc -b`, and never called. */
export async function whatCompiles(outbox: Outbox<ShopQueue>, manager: EntityManager): Promise<void> {
  const [messageId, payload] = ['m', { orderId: '1' }];
  await outbox.add(manager, { messageId, queue: inventoryQueue.name, payload });
  // @ts-expect-error an e-mail says more than that
  await outbox.add(manager, { messageId, queue: emailQueue.name, payload });
  // @ts-expect-error an id is text
  await outbox.add(manager, { messageId, queue: inventoryQueue.name, payload: { orderId: 1 } });
  // @ts-expect-error the shop has no such queue
  await outbox.add(manager, { messageId, queue: 'inventori', payload });
}

it('the outbox of the shop takes messages for its queues', () => {
  expect(new Outbox<ShopQueue>()).toBeInstanceOf(Outbox);
});
