import { describe, expect, it } from 'vitest';
import { emailQueue, shopQueues } from './queues.js';

describe('the queues of the shop', () => {
  it('have the e-mail before all others: a customer waits for it', () => {
    expect(emailQueue.priority).toBe('high');
    for (const queue of shopQueues) if (queue !== emailQueue) expect(queue.priority).not.toBe('high');
  });

  it('try a job four times', () => {
    for (const { attempts } of shopQueues) expect(attempts).toBe(4);
  });
});
