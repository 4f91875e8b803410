import { randomBytes } from 'node:crypto';
import { eventually, ForkedProcess, topology } from '@fourfold-tools/testing';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OutboxDatabase } from '../testing/outbox-database.js';
import type { RelayProcessOptions, RelayRole, Report } from '../testing/relay.process.js';

const script = new URL('../testing/relay.runner.mjs', import.meta.url);

let database: OutboxDatabase;
let redis: Redis;
let key: string;
let processes: ForkedProcess<Report>[];

beforeAll(async () => {
  database = await OutboxDatabase.create();
  redis = new Redis(topology().redisQueue.url);
});
afterAll(async () => {
  redis.disconnect();
  await database.close();
});
beforeEach(async () => {
  processes = [];
  key = `test-${randomBytes(5).toString('hex')}`;
  await database.empty();
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.crash()));
  await redis.del(key, `${key}:met`);
});

async function start(role: RelayRole): Promise<ForkedProcess<Report>> {
  const options: RelayProcessOptions = {
    role,
    databaseUrl: database.url,
    redisUrl: topology().redisQueue.url,
    key,
  };
  const process = await ForkedProcess.start<Report>(script, options);
  processes.push(process);
  return process;
}

/** What the queue was given, as process, outbox id and message id. */
const published = async () => (await redis.lrange(key, 0, -1)).map((line) => line.split(' '));

describe('a writer killed', () => {
  it('before its commit leaves neither the change nor the message', async () => {
    const writer = await start('writes');
    await writer.told('waits');
    await writer.crash();
    await start('relays');
    await database.add(['after']);
    await eventually(async () => expect(await database.states()).toEqual({ after: 'published' }));
    expect(await database.units()).toBe(100);
    expect((await published()).map(([, , messageId]) => messageId)).toEqual(['after']);
  });

  it('after its commit leaves both, and another process publishes the message', async () => {
    const writer = await start('has-written');
    await writer.told('waits');
    await writer.crash();
    await start('relays');
    await eventually(async () => expect(await database.states()).toEqual({ m: 'published' }));
    expect(await database.units()).toBe(99);
  });

  it('naive twin: one that publishes beside its transaction leaves a message of nothing', async () => {
    const writer = await start('writes-beside');
    await writer.told('waits');
    await writer.crash();
    expect([(await published()).length, await database.states(), await database.units()]).toEqual([
      1,
      {},
      100,
    ]);
  });
});

describe('a relay killed', () => {
  it('after it claimed and before it published: others publish when its lease is over, and not before', async () => {
    await database.add(['claimed']);
    const dead = await start('claims');
    await dead.told('waits');
    await dead.crash();
    await start('relays');
    await database.add(['fresh']);
    await eventually(async () => expect((await database.states())['fresh']).toBe('published'));
    expect((await database.states())['claimed']).toBe('pending');
    await database.pass(31);
    await eventually(async () => expect((await database.states())['claimed']).toBe('published'));
    expect((await published()).map(([, , messageId]) => messageId).sort()).toEqual(['claimed', 'fresh']);
  });

  it('after it published and before it marked: the same is published again under the same id', async () => {
    await database.add(['twice']);
    const dead = await start('publishes');
    await dead.told('waits');
    await dead.crash();
    const heir = await start('relays');
    await database.pass(31);
    await eventually(async () => expect(await database.states()).toEqual({ twice: 'published' }));
    const lines = await published();
    expect(lines.map(([pid]) => Number(pid))).toEqual([dead.pid, heir.pid]);
    expect(new Set(lines.map(([, outboxId]) => outboxId)).size).toBe(1);
  });
});

describe('two relay processes', () => {
  it('claim different messages: of 2,000 each is published once', async () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => `m-${index}`);
    for (let from = 0; from < ids.length; from += 500)
      await database.add(ids.slice(from, from + 500), { runAt: new Date(Date.now() + 3_600_000) });
    const relays = [await start('meets'), await start('meets')];
    await database.pass(3_600); // all due at once, with both at work
    await eventually(async () => (await redis.llen(key)) >= 2_000);
    const lines = await published();
    expect(lines).toHaveLength(2_000);
    expect(new Set(lines.map(([, , messageId]) => messageId))).toEqual(new Set(ids));
    expect(new Set(lines.map(([pid]) => Number(pid)))).toEqual(new Set(relays.map(({ pid }) => pid)));
  });

  it('that are told to stop in the middle leave no claim behind', async () => {
    const relay = await start('relays');
    await database.add(Array.from({ length: 1_000 }, (_, index) => `m-${index}`));
    await eventually(async () => (await redis.llen(key)) > 0, { everyMs: 1 });
    expect(await relay.stop()).toBe(0);
    const rows = await database.rows();
    expect(rows.filter(({ state, claim }) => state === 'pending' && claim !== null)).toEqual([]);
    expect(rows.filter(({ state }) => state === 'published')).toHaveLength((await published()).length);
  });
});
