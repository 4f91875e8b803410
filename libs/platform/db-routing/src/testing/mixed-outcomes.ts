import type { Connection as Admin } from 'mysql2/promise';
import type { PoolConnection } from 'mysql2';
import { expect } from 'vitest';
import type { NodePool } from '../pool/node.pool.js';
import { query } from './test-pool.js';

/** What a holder does with a connection: how often in 1,000, and how. What it throws is its own affair. */
const outcomes: readonly [
  perMille: number,
  (held: PoolConnection, admin: Admin, free: () => void) => unknown,
][] = [
  [745, (held, _admin, free) => (free(), held.release())],
  [
    130,
    async (held, _admin, free) => {
      await query(held, 'SELECT 1');
      free();
      held.release();
    },
  ],
  [
    40,
    async (held, _admin, free) => {
      await expect(query(held, 'SELECT nonsense')).rejects.toThrow();
      free();
      held.release();
    },
  ],
  [
    50,
    // Given back twice at once, and once more when another holder has it.
    async (held, _admin, free) => {
      free();
      held.release();
      held.release();
      await query(held, 'SELECT 1').catch(() => {});
      held.release();
      held.destroy();
    },
  ],
  [8, (held, _admin, free) => (free(), held.destroy())],
  [
    7,
    async (held, _admin, free) => {
      await query(held, 'START TRANSACTION');
      free();
      held.release();
    },
  ],
  [
    6,
    async (held, admin, free) => {
      await admin.query(`KILL ${held.threadId}`);
      await query(held, 'SELECT 1').catch(() => {});
      free();
      held.release();
    },
  ],
  [
    7,
    async (held, _admin, free) => {
      const answer = query(held, 'SELECT SLEEP(0.01)').catch(() => {});
      free();
      held.release();
      await answer;
    },
  ],
  [
    7,
    (held, _admin, free) => {
      const rows = held.query('SELECT * FROM information_schema.COLLATIONS').stream();
      rows.on('error', () => {}).resume();
      free();
      held.release();
    },
  ],
];

export interface Tally {
  asked: number;
  called: number;
  given: number;
  refused: Map<string, number>;
  returned: number;
}

/**
 * Has callers ask for a connection, `atOnce` at a time, until `total` were given one and did one of the things above with
 * it. A refused caller is back at once, so that how many are refused depends on the time that the server takes.
 * @param random uniform in [0, 1)
 * @throws when a callback is called twice, or a connection is given to two at once
 */
export async function mixOutcomes(
  pool: NodePool,
  admin: Admin,
  { total, atOnce, random }: { total: number; atOnce: number; random: () => number },
): Promise<Tally> {
  const tally: Tally = { asked: 0, called: 0, given: 0, refused: new Map(), returned: 0 };
  const out = new Set<number>();

  const one = () =>
    new Promise<PoolConnection | undefined>((resolve, reject) => {
      let called = false;
      const lease = { readOnly: false, returned: () => void (tally.returned += 1) };
      // A twentieth can't wait.
      const withinMs = random() < 0.05 ? 1 : 5_000;
      pool.acquire({ lease, withinMs }, (error, connection) => {
        if (called) reject(new Error('A callback was called twice'));
        called = true;
        tally.called += 1;
        if (!connection) {
          const code = (error as { code?: string } | null)?.code ?? 'none';
          tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
        } else if (out.has(connection.threadId)) reject(new Error('A connection is out twice'));
        else out.add(connection.threadId);
        resolve(connection);
      });
    });

  const worker = async () => {
    while (tally.given < total) {
      tally.asked += 1;
      const held = await one();
      if (!held) {
        await new Promise(setImmediate);
        continue;
      }
      tally.given += 1;
      let draw = random() * 1_000;
      const [, act] = outcomes.find(([perMille]) => (draw -= perMille) < 0) ?? outcomes[0]!;
      const { threadId } = held;
      await act(held, admin, () => out.delete(threadId));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tally;
}
