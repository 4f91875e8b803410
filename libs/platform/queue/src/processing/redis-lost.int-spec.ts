import { RedisServerFixture } from '@fourfold-tools/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { loadedWhile } from '../testing/loaded.worker.js';
import { WorkerDatabase } from '../testing/worker.database.js';

let database: WorkerDatabase;
let server: RedisServerFixture;

beforeAll(async () => {
  database = await WorkerDatabase.create();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.empty();
  server = await RedisServerFixture.start();
});
afterEach(() => server.dispose());

describe('a queue Redis that loses everything under load', () => {
  it.each([
    ['flushed', () => server.command('FLUSHALL')],
    ['killed, and started again without its file', () => server.kill().then(() => server.start())],
  ])('%s: every message has its effect, once, and none waits for the horizon', (_title, loss) =>
    loadedWhile(database, server.url, [loss, loss]),
  );
});
