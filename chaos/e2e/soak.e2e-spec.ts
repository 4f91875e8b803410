import { repetitions } from '@fourfold-tools/testing';
import { expect, it } from 'vitest';
import { soak } from '../src/soak/soak.js';

const ORDERS = repetitions({ quick: 80, full: 2_000 });

it('nothing is lost and nothing is doubled while APIs, workers and the queue Redis are killed', async () => {
  const result = await soak({
    orders: ORDERS,
    killEveryMs: 2_000,
    clients: 16,
    seed: 11,
    report: (line) => console.log(line),
  });
  expect(result.violations).toEqual([]);
  expect(result.accepted + result.refused).toBe(ORDERS);
  expect(Math.min(...Object.values(result.faults))).toBeGreaterThanOrEqual(1);
  expect(Object.keys(result.statuses).sort()).toEqual(['confirmed', 'rejected']);
});
