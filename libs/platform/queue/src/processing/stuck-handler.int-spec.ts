import { eventually, ForkedProcess, RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { message, QueueApp } from '../testing/queue-app.js';
import { isolated, letters, parcels } from '../testing/queues.js';
import { WorkerDatabase } from '../testing/worker.database.js';
import type { Report, WorkerProcessOptions } from '../testing/worker.process.js';

const script = new URL('../testing/worker.runner.mjs', import.meta.url);
const PREFIX = '{stuck}';

let database: WorkerDatabase;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());

/** A worker whose handler of message `id` never settles, and holds the lock of its inbox row. */
async function startStuck(id: number, { onTestFinished }: TestContext) {
  const server = await RedisServerFixture.start();
  onTestFinished(() => server.dispose());
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
  const worker = await ForkedProcess.start<Report>(script, options);
  onTestFinished(async () => void (await worker.crash()));
  const stuck = message(id, 'letters', { to: 'the-stuck' });
  await database.published(stuck);
  await eventually(async () => expect(await publisher.publish(stuck)).toEqual([String(id)]));
  await publisher.close();
  await worker.told('reached');
  return { server, worker };
}

// Each has servers and a process of its own, and waits for most of its time.
describe.concurrent('a handler that never settles, in a process that has lost its lock', () => {
  it('because Redis was away for longer than the lock: the process ends at the hard limit', async (context) => {
    const { server, worker } = await startStuck(1, context);
    await server.kill();
    expect((await worker.told('aborted')).by).toBe('LockLostError');
    await server.start();
    await worker.ended();
    // No transaction of it is left open.
    await database.dataSource.query(
      "INSERT INTO processed_messages (consumer, msg_id) VALUES ('letters', 'm-1')",
    );
  });

  it('because Redis is away for good: the process ends at the hard limit all the same', async (context) => {
    const { server, worker } = await startStuck(2, context);
    await server.kill();
    expect((await worker.told('aborted')).by).toBe('LockLostError');
    await worker.ended();
  });
});
