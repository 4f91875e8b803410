import { eventually, percentile, type Sample } from '@fourfold-tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Refusal, SwitchoverOutage } from './switchover.outage.js';

const ALL_IS_WELL_MS = 4_000;
/** As long as orders may take to be accepted again once the address leads to the new primary. */
const RESUME_MS = 2_000;
const AFTERWARDS_MS = 6_000;

let outage: SwitchoverOutage;
beforeAll(async () => {
  outage = await SwitchoverOutage.start();
});
afterAll(() => outage?.stop());

const accepted = (samples: readonly Sample[]) => samples.filter(({ error }) => error === undefined);
const refused = (samples: readonly Sample[]) => samples.filter(({ error }) => error !== undefined);
const endOf = ({ startedMs, tookMs }: Sample) => startedMs + tookMs;
const slowest = (samples: readonly Sample[]) => Math.max(...samples.map(({ tookMs }) => tookMs));

it('a primary is demoted under load, and a replica promoted: once the address has moved orders are accepted within 2 s, by the same processes, and each is there once', async () => {
  const pids = outage.pids();
  expect(pids).not.toContain(undefined);
  const load = outage.load();
  const beganMs = performance.now();
  await load.run(ALL_IS_WELL_MS);

  const demotedMs = performance.now();
  await outage.demote();
  const readOnlyMs = performance.now();
  await eventually(() => load.failed.length > 20);
  const promoted = await outage.promote();
  // It is writable, and nothing leads there.
  const refusedBefore = load.failed.length;
  await eventually(() => load.failed.length > refusedBefore + 20);
  outage.address.moveTo(promoted);
  const movedMs = performance.now();
  const connectionsBroken = outage.address.broken;
  await load.run(RESUME_MS + AFTERWARDS_MS);
  await load.stop();

  // What was in hand then may be refused.
  const well = load.between(beganMs).filter((sample) => endOf(sample) < demotedMs);
  const after = load.between(movedMs + RESUME_MS);
  const ends = accepted(load.between(beganMs)).map(endOf);
  const resumedMs = Math.min(...ends.filter((endMs) => endMs > movedMs)) - movedMs;
  const figures = {
    demotionMs: Math.round(readOnlyMs - demotedMs),
    awayMs: Math.round(movedMs - demotedMs),
    resumedMs: Math.round(resumedMs),
    refused: load.failed.length,
    p99Ms: [well, after].map((samples) => Math.round(percentile(samples, 0.99))),
  };
  console.log(`A switchover: ${JSON.stringify(figures)}`);

  expect(refused(well)).toEqual([]);
  // What the machine takes for an order anyway is not the switchover's.
  expect(resumedMs).toBeLessThan(RESUME_MS + slowest(well));
  expect(accepted(after).length).toBeGreaterThan(100);
  expect(refused(after)).toEqual([]);
  for (const { error } of load.failed) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).message).toMatch(/^503 /);
  }
  expect(connectionsBroken).toBe(0);
  expect(outage.pids()).toEqual(pids);

  const { orders, violations } = await outage.settle();
  expect(violations).toEqual([]);
  // Those that were refused are orders too, by the same keys.
  expect(orders).toBe(load.between(beganMs - 1_000).length);
  expect(outage.pids()).toEqual(pids);
});
