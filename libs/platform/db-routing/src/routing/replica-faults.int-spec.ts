import { BlackHole, eventually, type TestDatabase } from '@fourfold-tools/testing';
import type { PoolConnection } from 'mysql2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { proxiedCluster, routesTo } from '../testing/proxied-cluster.js';
import { readingServer, routedDatabase, serverIds } from '../testing/routed-database.js';
import { acquire, query } from '../testing/test-pool.js';

type Cluster = Awaited<ReturnType<typeof proxiedCluster>>;

let database: TestDatabase;
let hole: BlackHole;
let servers: Awaited<ReturnType<typeof serverIds>>;
let routed: Cluster;

beforeAll(async () => {
  [database, hole, servers] = await Promise.all([routedDatabase(), BlackHole.open(), serverIds()]);
});
afterAll(() => Promise.all([database.drop(), hole.close()]));
beforeEach(async () => {
  routed = await proxiedCluster(database);
  await eventually(() => expect(routed.inRotation()).toEqual(['replica-1', 'replica-2']));
});
afterEach(() => routed.close());

const faults: [string, (replica: Cluster['replicas'][number]) => Promise<void>][] = [
  ['that refuses connections', ({ proxy }) => proxy.close()],
  ['that accepts connections and never greets', ({ proxy }) => proxy.freeze()],
  [
    'whose packets are dropped',
    async ({ proxy, address }) => {
      await proxy.freeze();
      address.moveTo(hole.urlLike(proxy.url));
    },
  ],
];

const connect = ({ cluster }: Cluster) =>
  new Promise<PoolConnection>((resolve, reject) =>
    cluster.getConnection('SLAVE*', (error, given) =>
      given ? resolve(given) : reject(error ?? new Error()),
    ),
  );

/** Eight reads at a time until it is stopped. */
function steadyReads({ dataSource }: Cluster) {
  let stopped = false;
  let answered = 0;
  const errors: unknown[] = [];
  const reader = async () => {
    while (!stopped) {
      await readingServer(dataSource).then(
        () => (answered += 1),
        (error: unknown) => errors.push(error),
      );
    }
  };
  const readers = Array.from({ length: 8 }, reader);
  const stop = async () => {
    stopped = true;
    await Promise.all(readers);
    return { answered, errors };
  };
  return { stop, answered: () => answered };
}

describe.each(faults)('a replica %s', (_title, inflict) => {
  it('costs no read an error, and once it is out of rotation no read meets it', async () => {
    const { replicas, inRotation, metrics, dataSource } = routed;
    const reads = steadyReads(routed);
    await eventually(() => reads.answered() > 50);
    await inflict(replicas[1]!);
    await eventually(() => inRotation().join() === 'replica-1');
    const met = await routesTo(metrics, 'replica-2');
    for (let read = 0; read < 50; read += 1)
      expect(await readingServer(dataSource)).toBe(servers.replicas[0]);
    expect(await routesTo(metrics, 'replica-2')).toBe(met);
    expect(await reads.stop()).toMatchObject({ errors: [] });
  });

  it('gives each read that meets it a connection to another in time', async () => {
    const { replicas, cluster, metrics, monitor } = routed;
    // With the monitor stopped the replica is never ejected, and no connection is open: every read may meet it.
    monitor.stop();
    for (const { pool } of cluster.replicaNodes) pool.retire({ abort: true });
    await inflict(replicas[1]!);
    // The other one has work, as ever: a node that gives no connection must not pass for the idlest.
    const busy = await Promise.all(Array.from({ length: 5 }, () => acquire(cluster.replicaNodes[0]!.pool)));
    const met = await routesTo(metrics, 'replica-2');
    const reads = Array.from({ length: 30 }, async () => {
      // By the read's own deadline at the latest: after it, this rejects.
      const connection = await connect(routed);
      const [row] = await query(connection, 'SELECT @@server_id AS id');
      connection.release();
      return String(row?.['id']);
    });
    const answers = await Promise.all(reads);
    expect(new Set(answers)).toEqual(new Set([servers.replicas[0]]));
    expect((await routesTo(metrics, 'replica-2')) - met).toBeGreaterThan(0);
    expect((await routesTo(metrics, 'replica-2')) - met).toBeLessThan(25);
    for (const connection of busy) connection.release();
    expect(cluster.replicaNodes.map(({ outstanding }) => outstanding)).toEqual([0, 0]);
  });
});
