import { describe, expect, it } from 'vitest';
import { emailQueue, shopQueues, warehouseSyncQueue } from './queues.js';

describe('the queues of the shop', () => {
  it('have the e-mail before all others: a customer waits for it', () => {
    expect(emailQueue.priority).toBe('high');
    for (const queue of shopQueues) if (queue !== emailQueue) expect(queue.priority).not.toBe('high');
  });

  it('try a job four times, but for the sync, whose next tick goes on where it stopped', () => {
    for (const queue of shopQueues) expect(queue.attempts).toBe(queue === warehouseSyncQueue ? 1 : 4);
  });
});
