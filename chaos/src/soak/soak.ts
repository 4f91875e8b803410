import { type Platform, startPlatform } from '@fourfold-tools/e2e';
import { RedisServerFixture, seeded, type TestTopology } from '@fourfold-tools/testing';
import type { Redis } from 'ioredis';
import { type Violation, violationsIn } from '../oracle/invariants.js';
import { readEvidence } from '../oracle/read-evidence.js';
import { FaultInjector, type FaultKind, faultKinds } from './fault.injector.js';
import { type OpenWork, settled } from './open-work.js';
import { furnish, rushWishOf, type ShopFloor, wishOf } from './shop.floor.js';
import { type ClientCounts, StubbornClient } from './stubborn.client.js';

const PROGRESS_EVERY_MS = 5_000;

export interface SoakOptions {
  orders: number;
  killEveryMs: number;
  /** Decides what is ordered and what is killed. */
  seed: number;
  clients: number;
  report: (line: string) => void;
  /** Default: the servers that the test run shares. */
  servers?: TestTopology;
}

export interface SoakResult extends ClientCounts {
  seed: number;
  orders: number;
  faults: Record<FaultKind, number>;
  /** Orders by what became of them. */
  statuses: Record<string, number>;
  placedAfterSeconds: number;
  settledAfterSeconds: number;
  violations: Violation[];
}

/**
 * Places orders while parts of the platform are killed, waits until everything has settled, and holds every invariant
 * against what is there.
 * @throws when a client gets an answer that it should not, or a service ends that the injector did not kill
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const queueRedis = await RedisServerFixture.start();
  const env = { QUEUE_REDIS_URL: queueRedis.url };
  let platform: Platform | undefined;
  const redis = queueRedis.client();
  try {
    platform = await startPlatform({
      name: 'soak',
      apis: 2,
      apiEnv: env,
      workers: 2,
      workerEnv: env,
      ...(options.servers ? { servers: options.servers } : {}),
    });
    return await soakOn(platform, { queueRedis, redis }, options);
  } finally {
    await platform?.stop();
    redis.disconnect();
    await queueRedis.dispose();
  }
}

async function soakOn(
  platform: Platform,
  { queueRedis, redis }: { queueRedis: RedisServerFixture; redis: Redis },
  options: SoakOptions,
): Promise<SoakResult> {
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000);
  const report = (line: string) => options.report(`${String(seconds()).padStart(5)} s  ${line}`);
  const floor = await furnish(platform, options.orders);
  const client = new StubbornClient(platform.apis.map((_api, index) => platform.apiAt(index)));
  const faults = new FaultInjector(
    { apis: platform.apis, workers: platform.workers, queueRedis },
    { random: seeded(options.seed), everyMs: options.killEveryMs, report },
  );
  const sayProgress = atMostEvery(PROGRESS_EVERY_MS, () => report(progressOf(client, options.orders)));

  const rushed = await rush(platform, floor, client, options);
  const injecting = faults.run();
  try {
    await placeAll({ floor, client, faults, from: rushed }, options, sayProgress);
  } finally {
    await faults.stop();
    await injecting;
  }
  const placedAfterSeconds = seconds();
  report(`${progressOf(client, options.orders)}; no more faults, waiting until all is settled`);
  const sayOpen = atMostEvery(PROGRESS_EVERY_MS, (open: OpenWork) =>
    report(`still open: ${open.pending} orders, ${open.messages} messages, ${open.jobs} jobs`),
  );
  await settled(platform, redis, sayOpen);
  const settledAfterSeconds = seconds();
  faults.throwIfSomethingDied();

  const { primary, shards, queuePrefix } = platform;
  const evidence = await readEvidence({
    primary,
    shards,
    queuePrefix,
    queueRedis: redis,
    mails: () => platform.mails(),
  });
  return {
    seed: options.seed,
    orders: options.orders,
    ...client.counts,
    faults: faults.counts,
    statuses: countBy(evidence.orders.map(({ status }) => status)),
    placedAfterSeconds,
    settledAfterSeconds,
    violations: violationsIn(evidence, { stockAtStart: floor.stockAtStart, accepted: client.accepted }),
  };
}

/**
 * The first orders, one of each client: all of them for the last unit of something, and before a worker takes it. So all
 * are accepted, and all but one have to be rejected.
 * @returns how many there were
 */
async function rush(
  platform: Platform,
  floor: ShopFloor,
  client: StubbornClient,
  { clients, orders, seed }: SoakOptions,
): Promise<number> {
  const numbers = Array.from({ length: Math.min(clients, orders) }, (_, number) => number);
  for (const worker of platform.workers) worker.pause();
  try {
    await Promise.all(
      numbers.map((number) => client.place(rushWishOf(floor, number), keyOf(seed, number), number)),
    );
  } finally {
    for (const worker of platform.workers) worker.resume();
  }
  return numbers.length;
}

const keyOf = (seed: number, number: number): string => `soak-${seed}-${number}`;

/** The orders wait for the faults where they would be too quick: each kind happens while there is still work to do. */
async function placeAll(
  {
    floor,
    client,
    faults,
    from,
  }: { floor: ShopFloor; client: StubbornClient; faults: FaultInjector; from: number },
  { orders, clients, seed, killEveryMs }: SoakOptions,
  sayProgress: () => void,
): Promise<void> {
  const share = orders / (faultKinds.length + 1);
  let next = from;
  const shopper = async () => {
    while (next < orders) {
      const number = next++;
      const faultsBefore = Math.min(faultKinds.length, Math.floor(number / share));
      while (faults.total < faultsBefore)
        await new Promise((resolve) => setTimeout(resolve, killEveryMs / 20));
      faults.throwIfSomethingDied();
      await client.place(wishOf(floor, seed, number), keyOf(seed, number), number);
      sayProgress();
    }
  };
  await Promise.all(Array.from({ length: clients }, shopper));
}

function progressOf({ answered, counts }: StubbornClient, orders: number): string {
  const { accepted, refused, retries, replayed } = counts;
  return `${answered} of ${orders} answered: ${accepted} accepted, ${refused} refused; ${retries} retries, ${replayed} replayed`;
}

function atMostEvery<A extends unknown[]>(ms: number, say: (...args: A) => void): (...args: A) => void {
  let last = performance.now();
  return (...args) => {
    if (performance.now() - last < ms) return;
    last = performance.now();
    say(...args);
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
