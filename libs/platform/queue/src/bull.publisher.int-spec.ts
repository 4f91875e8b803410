import { eventually, FaultProxy, RedisServerFixture } from '@fourfold-tools/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BullPublisher } from './bull.publisher.js';
import { message, QueueApp } from './testing/queue-app.js';

let server: RedisServerFixture;
let app: QueueApp;

beforeEach(async () => {
  server = await RedisServerFixture.start();
  app = await QueueApp.start(server.url, [], { publishDeadlineMs: 200 });
  await app.queue().isReady();
});
afterEach(async () => {
  await app.close();
  await server.dispose();
});

const waiting = async (): Promise<number> => (await app.queue().getJobCounts()).waiting;
const confirmedAgain = () => eventually(async () => expect(await app.publish(message(1))).toEqual(['1']));

describe('BullPublisher', () => {
  it('does not confirm messages of a queue that is not declared, and confirms the others', async () => {
    expect(await app.publish(message(1), message(2, 'nowhere'), message(3, 'parcels'))).toEqual(['1', '3']);
  });

  it('naive twin: once Redis was full, addBulk alone adds nothing any more, and says that it did', async () => {
    const naive = () => app.queue().addBulk([{ data: {}, opts: { jobId: 'ob-1' } }]);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await expect(naive()).rejects.toThrow('EXECABORT');
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    for (let round = 0; round < 3; round += 1) await expect(naive()).resolves.toHaveLength(1);
    expect(await waiting()).toBe(0);
  });

  it('confirms nothing while Redis is full, and everything once it is not', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    expect(await app.publish(message(1), message(2))).toEqual([]);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await eventually(async () => expect(await app.publish(message(1), message(2))).toEqual(['1', '2']));
    expect(await waiting()).toBe(2);
  });

  it('confirms nothing while Redis is a read-only replica, and everything once it is not', async () => {
    await server.command('REPLICAOF', '127.0.0.1', '1');
    expect(await app.publish(message(1))).toEqual([]);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await confirmedAgain();
    expect(await waiting()).toBe(1);
  });
});

describe('a batch of which Redis takes a part', () => {
  /** Redis refuses each command that touches a key with a 2 at its end: that of the second job. */
  const refuseSecond = () => server.command('ACL', 'SETUSER', 'default', 'resetkeys', '~*[^2]');
  const refuseNone = () => server.command('ACL', 'SETUSER', 'default', 'allkeys');

  it('has those confirmed that it took, and the other as soon as it takes it', async () => {
    await refuseSecond();
    expect(await app.publish(message(1), message(2), message(3))).toEqual(['1', '3']);
    await refuseNone();
    expect(await app.publish(message(1), message(2), message(3))).toEqual(['1', '2', '3']);
    expect(await waiting()).toBe(3);
  });

  it('naive twin: addBulk alone says nothing of the one that it dropped', async () => {
    await refuseSecond();
    const jobs = [1, 2, 3].map((id) => ({ data: {}, opts: { jobId: `ob-${id}` } }));
    await expect(app.queue().addBulk(jobs)).resolves.toHaveLength(3);
    expect(await waiting()).toBe(2);
  });
});

describe('a queue whose Redis was away', () => {
  it('says so when it is back', async () => {
    let returns = 0;
    const stop = app.app.get(BullPublisher).onReturn(() => (returns += 1));
    await eventually(() => returns === 1);
    await server.kill();
    await server.start();
    await eventually(() => returns === 2);
    stop();
  });
});

describe('a job that a worker started just after Redis had lost it', () => {
  /** As Bull does with the id that it has taken from the line before. */
  const startLost = () =>
    (app.queue() as unknown as { moveToActive(id: string): Promise<unknown> }).moveToActive('ob-1');

  it('naive twin: leaves something under its id, and adding it again "succeeds" and does nothing', async () => {
    await startLost();
    expect(await app.publish(message(1))).toEqual(['1']);
    expect(await waiting()).toBe(0);
  });

  it('is added anew when its message is offered again', async () => {
    await startLost();
    expect(await app.publish({ ...message(1), republished: true })).toEqual(['1']);
    expect(await waiting()).toBe(1);
    expect(await app.queue().client.hget(app.queue().toKey('ob-1'), 'data')).toContain('"m-1"');
  });

  it('and one that is there is left alone', async () => {
    expect(await app.publish(message(1))).toEqual(['1']);
    expect(await app.publish({ ...message(1), republished: true })).toEqual(['1']);
    expect(await waiting()).toBe(1);
  });
});

describe('an answer that is lost', () => {
  it('after Redis has taken the batch: it is sent or offered again, and there is one job of each message', async () => {
    const proxy = await new FaultProxy(server.url).open();
    const behind = await QueueApp.start(proxy.url, [], { publishDeadlineMs: 1_000 });
    await behind.queue().isReady();
    // A first batch, so that the script is loaded and the next one is what is broken.
    expect(await behind.publish(message(1))).toEqual(['1']);
    proxy.breakOnAnswer('exec');
    await behind.publish(message(2), message(3));
    expect(proxy.broken).toBeGreaterThan(0);
    const again = [message(2), message(3)].map((each) => ({ ...each, republished: true }));
    await eventually(async () => expect(await behind.publish(...again)).toEqual(['2', '3']));
    expect((await behind.queue().getWaiting()).map(({ id }) => id).sort()).toEqual(['ob-1', 'ob-2', 'ob-3']);
    await behind.close();
    await proxy.close();
  });
});

describe('while Redis does not answer', () => {
  it('frozen: nothing is confirmed after the deadline, nothing piles up, and one job comes of all tries', async () => {
    server.freeze();
    const sent = vi.spyOn(app.queue().client, 'sendCommand');
    expect(await app.publish(message(1))).toEqual([]);
    expect(sent).toHaveBeenCalled();
    // The first try has waited for its deadline; the others find it still waiting.
    sent.mockClear();
    for (let round = 0; round < 19; round += 1) expect(await app.publish(message(1))).toEqual([]);
    expect(sent).not.toHaveBeenCalled();
    sent.mockRestore();
    server.thaw();
    await confirmedAgain();
    expect(await waiting()).toBe(1);
  });

  it('killed and back without its data: what was never confirmed is published then', async () => {
    await server.kill();
    for (let round = 0; round < 3; round += 1) expect(await app.publish(message(1), message(2))).toEqual([]);
    await server.start();
    await eventually(async () => expect(await app.publish(message(1), message(2))).toEqual(['1', '2']));
    expect(await waiting()).toBe(2);
  });
});
