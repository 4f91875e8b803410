import { eventually } from '@fourfold-tools/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalSignal } from '../outbox.signal.js';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import type { OutboxDatabase } from '../testing/outbox-database.js';
import type { TestRelays } from '../testing/test-relays.js';
import { useRelays } from '../testing/use-relays.js';
import { OutboxReconciler } from './outbox.reconciler.js';

const fixture = useRelays();
let database: OutboxDatabase;
let relays: TestRelays;
beforeEach(() => void ({ database, relays } = fixture));

const reconciler = (publisher = new MemoryPublisher()) =>
  new OutboxReconciler(database.dataSource, publisher, new LocalSignal());

/** How long after its publication a message is offered again, in seconds. */
async function horizonOf(messageId: string): Promise<number> {
  const [row] = await database.dataSource.query<{ seconds: number | string }[]>(
    'SELECT TIMESTAMPDIFF(SECOND, published_at, available_at) AS seconds FROM outbox WHERE msg_id = ?',
    [messageId],
  );
  return Number(row!.seconds);
}

const published = (attempts: number) =>
  eventually(async () => expect(await database.rows()).toMatchObject([{ state: 'published', attempts }]));

describe('a message that is published and just waits in its queue', () => {
  it('is offered again after 90 s, and each time after twice as long, at most an hour', async () => {
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    await database.add(['waits']);
    const horizons: number[] = [];
    for (let attempts = 1; attempts <= 8; attempts += 1) {
      await published(attempts);
      horizons.push(await horizonOf('waits'));
      await database.pass(3_601);
      await reconciler().republishLate();
    }
    expect(horizons).toEqual([90, 180, 360, 720, 1_440, 2_880, 3_600, 3_600]);
  });

  it('is not offered less often for having been refused before', async () => {
    let refusals = 0;
    const publisher = new MemoryPublisher((messages) => ((refusals += 1) > 2 ? messages : []));
    relays.start(publisher);
    await database.add(['refused twice']);
    await published(2);
    expect(publisher.messages.map(({ republished }) => republished)).toEqual([false, true, true]);
    expect(await horizonOf('refused twice')).toBe(180);
  });

  it('is one of a small portion at a time, however many there are', async () => {
    await database.add(Array.from({ length: 1_000 }, (_, index) => `m-${index}`));
    await database.dataSource.query("UPDATE outbox SET state = 'published', attempts = 1");
    await reconciler().republishLate();
    const pending = (await database.rows()).filter(({ state }) => state === 'pending');
    expect(pending).toHaveLength(100);
  });
});

describe('a queue that says once that it has lost its data', () => {
  it('gets it again also when the database was away at that moment', async () => {
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    await database.add(['lost']);
    await published(1);
    const refusing = vi
      .spyOn(database.dataSource, 'query')
      .mockRejectedValue(new Error('the database is away'));
    publisher.empty = true;
    await eventually(() => !publisher.empty);
    refusing.mockRestore();
    await eventually(() => publisher.messages.length === 2);
  });
});
