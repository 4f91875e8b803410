import { ManualClock } from '@fourfold/kernel';
import { describe } from 'vitest';
import { InMemoryWorkerIdLease } from './in-memory-worker-id.lease.js';
import { workerIdLeaseContract } from '../testing/worker-id-lease.contract.js';

describe('InMemoryWorkerIdLease', () => {
  workerIdLeaseContract(async (workerIds) => {
    const clock = new ManualClock();
    return {
      lease: new InMemoryWorkerIdLease(30_000, clock, workerIds),
      expireAll: async () => clock.advance(30_000),
      serverNowMs: async () => clock.now(),
    };
  });
});
