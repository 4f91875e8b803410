import { eventually, ForkedProcess, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { message, QueueApp } from '../testing/queue-app.js';
import { isolated, letters, parcels } from '../testing/queues.js';
import { WorkerDatabase } from '../testing/worker.database.js';
import type { Report, WorkerProcessOptions } from '../testing/worker.process.js';

const script = new URL('../testing/worker.runner.mjs', import.meta.url);
const PREFIX = '{stuck}';

let database: WorkerDatabase;
let server: RedisServerFixture;
let worker: ForkedProcess<Report>;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.empty();
  server = await RedisServerFixture.start();
});
afterEach(async () => {
  await worker.crash();
  await server.dispose();
});

/** A worker whose handler never settles, and holds the lock of its inbox row. */
async function startStuck(): Promise<void> {
  const publisher = await QueueApp.start(server.url, [], {
    prefix: PREFIX,
    queues: [letters, parcels, isolated],
  });
  const options: WorkerProcessOptions = {
    behaviour: 'hang',
    redisUrl: server.url,
    databaseUrl: database.url,
    prefix: PREFIX,
    lockMs: 400,
    drainMs: 200,
    hardLimitMs: 4_000,
  };
  worker = await ForkedProcess.start<Report>(script, options);
  const stuck = message(1, 'letters', { to: 'the-stuck' });
  await database.published(stuck);
  await eventually(async () => expect(await publisher.publish(stuck)).toEqual(['1']));
  await publisher.close();
  await worker.told('reached');
}

describe('a handler that never settles, in a process that has lost its lock', () => {
  it('because Redis was away for longer than the lock: the process ends at the hard limit', async () => {
    await startStuck();
    await server.kill();
    expect((await worker.told('aborted')).by).toBe('LockLostError');
    await server.start();
    await worker.ended();
    // No transaction of it is left open.
    await database.dataSource.query(
      "INSERT INTO processed_messages (consumer, msg_id) VALUES ('letters', 'm-1')",
    );
  });

  it('because Redis is away for good: the process ends at the hard limit all the same', async () => {
    await startStuck();
    await server.kill();
    expect((await worker.told('aborted')).by).toBe('LockLostError');
    await worker.ended();
  });
});
