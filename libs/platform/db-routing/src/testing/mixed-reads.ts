import { expect } from 'vitest';
import { usePrimary, useReplica } from '../consistency/consistency.context.js';
import type { ConnectionCallback } from '../pool/lease.js';
import { query } from './test-pool.js';
import type { ProxiedReplicas } from './proxied-replicas.js';

type Watched = Awaited<ReturnType<ProxiedReplicas['watch']>>;

const SELECT = 'SELECT @@server_id AS server';

/** How a read goes: how often in 1,000, and how. */
const ways: readonly [perMille: number, (watched: Watched) => Promise<unknown>][] = [
  [520, read],
  [120, (watched) => usePrimary(() => read(watched))],
  [120, (watched) => useReplica(() => read(watched))],
  [
    120,
    async (watched) => {
      const runner = watched.dataSource.createQueryRunner('slave');
      const failed = await runner.query('SELECT nonsense').catch((error: Error) => error);
      await runner.release();
      if ((failed as { errno?: number }).errno !== 1054) throw failed;
    },
  ],
  [
    60,
    // Destroyed with a statement in hand, which is not repeated anywhere.
    async (watched) => {
      const held = await connect(watched);
      const answer = query(held, SELECT).catch(() => {});
      held.destroy();
      held.release();
      await answer;
    },
  ],
  [
    58,
    async (watched) => {
      const runner = watched.dataSource.createQueryRunner('slave');
      try {
        for await (const row of await runner.stream(SELECT)) expect(row).toHaveProperty('server');
      } finally {
        await runner.release();
      }
    },
  ],
  [
    2,
    async (watched) => {
      const [one] = watched.proxies;
      const reads = Array.from({ length: 4 }, () => read(watched));
      one!.breakConnections();
      await Promise.all(reads);
    },
  ],
];

async function read({ dataSource }: Watched): Promise<void> {
  const runner = dataSource.createQueryRunner('slave');
  try {
    expect(await runner.query(SELECT)).toHaveLength(1);
  } finally {
    await runner.release();
  }
}

function connect({ cluster }: Watched): Promise<NonNullable<Parameters<ConnectionCallback>[1]>> {
  return new Promise((resolve, reject) =>
    cluster.getConnection('SLAVE*', (error, given) =>
      given ? resolve(given) : reject(error ?? new Error('nothing')),
    ),
  );
}

export interface MixOptions {
  total: number;
  atOnce: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Called before each, with how many there were before it, which it then waits for. */
  before: (turn: number) => unknown;
}

/** Has `total` reads go through the cluster, `atOnce` at a time. @returns how many went well, and the errors of the others */
export async function mixReads(watched: Watched, { total, atOnce, random, before }: MixOptions) {
  const errors: unknown[] = [];
  let begun = 0;
  let well = 0;
  const worker = async () => {
    while (begun < total) {
      const turn = begun;
      begun += 1;
      await before(turn);
      let draw = random() * 1_000;
      const [, go] = ways.find(([perMille]) => (draw -= perMille) < 0) ?? ways[0]!;
      await go(watched).then(
        () => (well += 1),
        (error: unknown) => errors.push(error),
      );
      // A worker that is refused at once lets the others go on.
      await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { well, errors };
}
