import { RedisClusterFixture, RedisFailoverFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Load, loadedWhile } from '../testing/loaded.worker.js';
import { WorkerDatabase } from '../testing/worker.database.js';

const SETTINGS = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];

let database: WorkerDatabase;
let servers: RedisFailoverFixture | RedisClusterFixture;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());
beforeEach(() => database.empty());
afterEach(() => servers.dispose());

/**
 * The replica that is promoted lacks what was published last, and has jobs that are done. The horizon of what was
 * published is over then, as it is a minute and a half later.
 */
async function failsOver(load: Load): Promise<void> {
  const jobs = await load.addHeld();
  await servers.failOver();
  expect(await servers.askMaster('EXISTS', ...jobs)).toBe(0);
  load.release();
  await database.dataSource.query(
    "UPDATE outbox SET available_at = available_at - INTERVAL 1 HOUR WHERE state = 'published'",
  );
}

describe('queues under load, whose master is killed and replaced by one that lacks jobs', () => {
  it('by Sentinels: the outbox repairs it, and every message has its effect, once', async () => {
    servers = await RedisFailoverFixture.start(...SETTINGS);
    await loadedWhile(database, servers.url, [() => servers.loseReplication(), failsOver]);
  });

  it('in a Cluster, and whose slot moves then: so it is there', async () => {
    const cluster = (servers = await RedisClusterFixture.start(...SETTINGS));
    await loadedWhile(database, cluster.url, [
      () => cluster.loseReplication(),
      failsOver,
      () => cluster.moveSlot(),
    ]);
  });
});
