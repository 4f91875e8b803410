import { eventually, gate } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RelayedMessage } from '../outbox.message.js';
import { LocalSignal } from '../outbox.signal.js';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import type { OutboxDatabase } from '../testing/outbox-database.js';
import type { TestRelays } from '../testing/test-relays.js';
import { useRelays } from '../testing/use-relays.js';

const fixture = useRelays();
let database: OutboxDatabase;
let relays: TestRelays;
beforeEach(() => void ({ database, relays } = fixture));

const ids = (count: number) => Array.from({ length: count }, (_, index) => `m-${index}`);
const allPublished = () =>
  eventually(async () => (await database.rows()).every(({ state }) => state === 'published'));

describe('OutboxRelay', () => {
  it('publishes what was committed, with its id, queue and payload, once', async () => {
    await database.add(['hello']);
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    await allPublished();
    await database.add(['again']);
    await allPublished();
    expect(publisher.messages).toEqual([
      {
        outboxId: expect.stringMatching(/^\d+$/),
        messageId: 'hello',
        queue: 'letters',
        payload: { about: 'hello' },
        republished: false,
      },
      {
        outboxId: expect.stringMatching(/^\d+$/),
        messageId: 'again',
        queue: 'letters',
        payload: { about: 'again' },
        republished: false,
      },
    ]);
  });

  it('does not publish a message before its due time', async () => {
    await database.add(['in an hour'], { runAt: new Date(Date.now() + 3_600_000) });
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    for (const messageId of ['now', 'and now']) {
      await database.add([messageId]);
      await eventually(() => publisher.messageIds.includes(messageId));
    }
    expect(publisher.messageIds).toEqual(['now', 'and now']);
    await database.pass(3_600);
    await eventually(() => publisher.messageIds.includes('in an hour'));
  });

  it('tries soon again what the queue did not confirm, and only that', async () => {
    await database.add(ids(6));
    const even = ({ messageId }: RelayedMessage) => Number(messageId.slice(2)) % 2 === 0;
    const publisher = new MemoryPublisher((messages) => messages.filter(even));
    relays.start(publisher);
    await eventually(
      async () => (await database.rows()).filter(({ state }) => state === 'published').length === 3,
    );
    publisher.answer = (messages) => messages;
    // Before the lease of 30 s ends.
    await eventually(async () => (await database.rows()).every(({ state }) => state === 'published'));
    expect(publisher.messageIds.filter((id) => id === 'm-0')).toHaveLength(1);
    expect(publisher.messageIds.filter((id) => id === 'm-1').length).toBeGreaterThan(1);
  });

  it('leaves a message done that a consumer has finished before the queue has confirmed it', async () => {
    await database.add(['quick', 'slow']);
    const publisher = new MemoryPublisher(async (messages) => {
      await database.outbox.markDone(database.dataSource.manager, 'quick');
      return messages;
    });
    relays.start(publisher);
    await eventually(async () =>
      expect(await database.states()).toEqual({ quick: 'done', slow: 'published' }),
    );
  });

  it('survives a database that refuses it for a while', async () => {
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    const look = vi.spyOn(database.dataSource, 'query').mockRejectedValue(new Error('the database is away'));
    await eventually(() => look.mock.calls.length > 4);
    look.mockRestore();
    await database.add(['before']);
    const claim = vi
      .spyOn(database.dataSource, 'transaction')
      .mockRejectedValue(new Error('the database is away'));
    await eventually(() => claim.mock.calls.length > 1);
    claim.mockRestore();
    await eventually(() => publisher.messageIds.includes('before'));
    await database.add(['after']);
    await eventually(() => publisher.messageIds.includes('after'));
  });
});

describe('messages published but never done', () => {
  it('are offered again past the horizon, under the same id; done and recent ones are not', async () => {
    await database.add(['lost', 'done', 'recent']);
    const first = new MemoryPublisher();
    relays.start(first);
    await allPublished();
    await relays.stopAll();
    await database.outbox.markDone(database.dataSource.manager, 'done');
    await database.pass(91, "msg_id <> 'recent'");
    const second = new MemoryPublisher();
    relays.start(second);
    await eventually(() => second.messageIds.includes('lost'));
    await eventually(async () =>
      expect(await database.states()).toEqual({ lost: 'published', done: 'done', recent: 'published' }),
    );
    const lost = first.messages.filter(({ messageId }) => messageId === 'lost');
    expect(second.messages).toEqual(lost.map((message) => ({ ...message, republished: true })));
  });

  it('are offered again batch after batch when a whole queue was lost', async () => {
    await database.add(ids(250));
    relays.start(new MemoryPublisher());
    await allPublished();
    await relays.stopAll();
    await database.pass(331);
    const refill = new MemoryPublisher();
    relays.start(refill);
    await eventually(() => refill.messages.length === 250, {
      deadlineMs: 20_000,
    });
    expect(new Set(refill.messageIds).size).toBe(250);
  });
});

describe('a relay that is told to stop', () => {
  it('claims nothing from the first hook on, however long others take for theirs', async () => {
    const signal = new LocalSignal();
    const relay = relays.start(new MemoryPublisher(), signal);
    await database.add(['before']);
    await allPublished();
    relay.onModuleDestroy();
    await database.add(['too late']);
    signal.nudge();
    await relay.beforeApplicationShutdown();
    expect(await database.states()).toEqual({ before: 'published', 'too late': 'pending' });
  });

  it('finishes the round in hand, marks it, and begins no other', async () => {
    await database.add(['in hand']);
    const held = gate();
    const publisher = new MemoryPublisher(async (messages) => {
      await held.passed;
      return messages;
    });
    const relay = relays.start(publisher);
    await eventually(() => publisher.batches.length === 1);
    const steps: string[] = [];
    relay.onModuleDestroy();
    const stopped = relay.beforeApplicationShutdown().then(() => steps.push('stopped'));
    await database.add(['too late']);
    steps.push('opened');
    held.open();
    await stopped;
    expect(steps).toEqual(['opened', 'stopped']);
    expect(await database.states()).toEqual({ 'in hand': 'published', 'too late': 'pending' });
  });
});
