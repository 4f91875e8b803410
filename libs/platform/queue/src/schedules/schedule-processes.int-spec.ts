import { randomBytes } from 'node:crypto';
import { eventually, ForkedProcess, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  runsKey,
  type ScheduleBehaviour,
  type ScheduleProcessOptions,
  startTicking,
} from '../testing/schedule.process.js';

const script = new URL('../testing/schedule.runner.mjs', import.meta.url);
const PROCESSES = 3;
const { url: redisUrl } = topology().redisQueue;

let prefix: string;
let redis: Redis;
type Told = { told: 'ready' } | { told: 'begun'; messageId: string };

let workers: ForkedProcess<Told>[];

beforeEach(() => {
  prefix = `{test-${randomBytes(5).toString('hex')}}`;
  redis = new Redis(redisUrl);
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.crash()));
  redis.disconnect();
});

/** The runs of three worker processes, until there were some of `seconds` seconds in all of them. */
async function runsOf(behaviour: ScheduleBehaviour, seconds: number): Promise<Map<string, number>> {
  const options: ScheduleProcessOptions = { redisUrl, prefix, behaviour };
  workers = await Promise.all(
    Array.from({ length: PROCESSES }, () => ForkedProcess.start<Told>(script, options)),
  );
  await redis.del(runsKey(prefix));
  const runs = async () => new Set(await redis.lrange(runsKey(prefix), 0, -1)).size;
  await eventually(async () => (await runs()) > seconds);
  await Promise.all(workers.map((worker) => worker.crash()));
  const counts = new Map<string, number>();
  for (const second of await redis.lrange(runsKey(prefix), 0, -1))
    counts.set(second, (counts.get(second) ?? 0) + 1);
  return counts;
}

describe('three worker processes with a schedule of every second', () => {
  it('run each tick once', async () => {
    const runs = await runsOf('ticks', 3);
    expect([...runs.values()]).toEqual(Array.from(runs, () => 1));
  });

  it('naive twin: with a timer in each process, each tick is run three times', async () => {
    const runs = await runsOf('timer', 2);
    expect(Math.max(...runs.values())).toBe(PROCESSES);
  });
});

it('a worker that is killed in a run holds no tick up, and each of the others is run once', async () => {
  const killed = await ForkedProcess.start<Told>(script, { redisUrl, prefix, behaviour: 'never-ends' });
  workers = [killed];
  const { messageId } = await killed.told('begun');
  const second = String(Number(messageId.split(':')[2]) / 1_000);
  const heir = await startTicking(redis, redisUrl, prefix);
  await killed.crash();
  const runs = () => redis.lrange(runsKey(prefix), 0, -1);
  // Either its job comes again, or a tick after it has had its run by then and it is skipped: both bring up to date.
  await eventually(async () => (await runs()).some((run) => Number(run) > Number(second)));
  await eventually(async () => (await redis.llen(`${prefix}:letters:active`)) === 0);
  const counts = Map.groupBy(await runs(), (run) => run);
  expect(counts.get(second)!.length).toBeLessThanOrEqual(2);
  counts.delete(second);
  expect([...counts.values()].map(({ length }) => length)).toEqual([...counts].map(() => 1));
  await heir.close();
});
