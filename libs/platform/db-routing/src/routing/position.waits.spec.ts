import { gate } from '@fourfold-tools/testing';
import { expect, it } from 'vitest';
import type { PositionWaiter } from '../consistency/position.waiter.js';
import { DbRoutingMetrics } from './db-routing.metrics.js';
import { PositionWaits } from './position.waits.js';

/** Waits for one replica, which end when the test says. */
function waits() {
  const begun: ((reached: boolean) => void)[] = [];
  const wait = () => {
    const end = gate<boolean>();
    begun.push(end.open);
    return end.passed;
  };
  const replica = { positions: { wait } as unknown as PositionWaiter };
  const of = new PositionWaits(new DbRoutingMetrics());
  const reached = (isIndexed = true) =>
    of.reached({ replicas: [replica], position: '0-1-7', withinMs: 150, isIndexed });
  return { begun, reached };
}

it('all wait while replicas are in time', async () => {
  const { begun, reached } = waits();
  const both = [reached(), reached()];
  expect(begun).toHaveLength(2);
  begun.forEach((end) => end(true));
  expect(await Promise.all(both)).toEqual([true, true]);
});

it('after one under the read index that waited in vain, one at a time waits, and the others do not', async () => {
  const { begun, reached } = waits();
  const vain = reached();
  begun[0]!(false);
  expect(await vain).toBe(false);
  const trying = reached();
  expect(await reached()).toBe(false);
  expect(begun).toHaveLength(2);
  begun[1]!(false);
  await trying;
  void reached();
  expect(begun).toHaveLength(3);
});

it('all wait again once a wait has ended well', async () => {
  const { begun, reached } = waits();
  const [vain, trying] = [reached(), reached()];
  begun[0]!(false);
  await vain;
  begun[1]!(true);
  await trying;
  void reached();
  void reached();
  expect(begun).toHaveLength(4);
});

it('those of callers who have a write to see wait whatever became of others, and tell nothing of them', async () => {
  const { begun, reached } = waits();
  const [own, vain] = [reached(false), reached()];
  begun.forEach((end) => end(false));
  await Promise.all([own, vain]);
  void reached();
  void reached(false);
  expect(begun).toHaveLength(4);
  const other = waits();
  const first = other.reached(false);
  other.begun[0]!(false);
  await first;
  void other.reached();
  void other.reached();
  expect(other.begun).toHaveLength(3);
});
