import { eventually, gate } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import type { OutboxDatabase, OutboxRow } from '../testing/outbox-database.js';
import type { TestRelays } from '../testing/test-relays.js';
import { useRelays } from '../testing/use-relays.js';

const fixture = useRelays();
let database: OutboxDatabase;
let relays: TestRelays;
beforeEach(() => void ({ database, relays } = fixture));

const messageIds = Array.from({ length: 500 }, (_, index) => `m-${index}`);

/** Confirms everything, but not before `meeting` says that the other relay has its batch too. */
function meetingPublishers(): [MemoryPublisher, MemoryPublisher] {
  const arrived = [gate(), gate()] as const;
  const publisher = (index: 0 | 1) =>
    new MemoryPublisher(async (messages) => {
      arrived[index].open();
      await Promise.all(arrived.map(({ passed }) => passed));
      return messages;
    });
  return [publisher(0), publisher(1)];
}

describe('two relays at once', () => {
  it('naive twin: one that only reads what is pending publishes everything twice', async () => {
    await database.add(messageIds.slice(0, 100));
    const publishers = meetingPublishers();
    await Promise.all(
      publishers.map(async (publisher) => {
        const rows = await database.dataSource.query<(OutboxRow & { id: string })[]>(
          "SELECT id, msg_id FROM outbox WHERE state = 'pending' ORDER BY available_at, id LIMIT 200",
        );
        await publisher.publish(
          rows.map(({ id, msg_id: messageId }) => ({
            outboxId: id,
            messageId,
            queue: 'letters',
            payload: {},
            republished: false,
          })),
        );
        await database.dataSource.query("UPDATE outbox SET state = 'published' WHERE id IN (?)", [
          rows.map(({ id }) => id),
        ]);
      }),
    );
    expect(publishers.flatMap((publisher) => publisher.messageIds)).toHaveLength(200);
  });

  it('claim different messages, and each is published once', async () => {
    await database.add(messageIds);
    const publishers = meetingPublishers();
    for (const publisher of publishers) relays.start(publisher);
    await eventually(async () => (await database.rows()).every(({ state }) => state === 'published'));
    const published = publishers.flatMap((publisher) => publisher.messageIds);
    expect(published).toHaveLength(500);
    expect(new Set(published)).toEqual(new Set(messageIds));
    expect(publishers.every(({ messages }) => messages.length > 0)).toBe(true);
    expect((await database.rows()).every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

describe('a relay that dies', () => {
  it('after it claimed: another relay takes its messages over once its lease is over, not before', async () => {
    await database.add(['claimed']);
    const dead = new MemoryPublisher(() => held.passed);
    const held = gate<[]>();
    relays.start(dead);
    await eventually(() => dead.batches.length === 1);

    const heir = new MemoryPublisher();
    relays.start(heir);
    await database.add(['fresh']);
    await eventually(() => heir.messageIds.includes('fresh'));
    expect(heir.messageIds).toEqual(['fresh']);
    await database.pass(31, "state = 'pending'");
    await eventually(() => heir.messageIds.includes('claimed'));
    await eventually(async () =>
      expect(await database.states()).toEqual({ claimed: 'published', fresh: 'published' }),
    );
    held.open([]);
  });

  it('between publishing and marking: the message is published again, under the same id', async () => {
    await database.add(['twice']);
    const held = gate<[]>();
    const dead = new MemoryPublisher(() => held.passed);
    relays.start(dead);
    await eventually(() => dead.batches.length === 1);
    await database.pass(31);
    const heir = new MemoryPublisher();
    relays.start(heir);
    await eventually(() => heir.batches.length === 1);
    expect(heir.messages).toEqual(dead.messages.map((message) => ({ ...message, republished: true })));
    held.open([]);
  });

  it('and comes back to life after its lease: what it says about messages of the new holder changes nothing', async () => {
    await database.add(['contested']);
    const [slow, newHolder] = [gate(), gate()];
    const first = new MemoryPublisher(async (messages) => {
      await slow.passed;
      return messages;
    });
    const sleeper = relays.start(first);
    await eventually(() => first.batches.length === 1);
    await database.pass(31);
    const second = new MemoryPublisher(async (messages) => {
      await newHolder.passed;
      return messages;
    });
    relays.start(second);
    await eventually(() => second.batches.length === 1);
    const [claimed] = await database.rows();

    slow.open();
    await sleeper.beforeApplicationShutdown();
    expect(await database.rows()).toEqual([{ ...claimed, state: 'pending' }]);
    newHolder.open();
    await eventually(async () => expect(await database.states()).toEqual({ contested: 'published' }));
  });

  it('the same when it says that the queue refused them', async () => {
    await database.add(['contested']);
    const [slow, newHolder] = [gate<[]>(), gate<[]>()];
    const first = new MemoryPublisher(() => slow.passed);
    const sleeper = relays.start(first);
    await eventually(() => first.batches.length === 1);
    await database.pass(31);
    const second = new MemoryPublisher(() => newHolder.passed);
    relays.start(second);
    await eventually(() => second.batches.length === 1);
    const [claimed] = await database.rows();

    slow.open([]);
    await sleeper.beforeApplicationShutdown();
    expect(await database.rows()).toEqual([claimed]);
    newHolder.open([]);
  });
});
