import { register } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Inbox } from '../inbox.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { outboxSettings } from '../outbox.options.js';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import { OutboxDatabase } from '../testing/outbox-database.js';
import { OutboxGauges } from './outbox.gauges.js';
import { DoneMessagesRetention, ProcessedMessagesRetention } from './outbox.retention.js';

let database: OutboxDatabase;

beforeAll(async () => {
  database = await OutboxDatabase.create();
});
afterAll(() => database.close());
beforeEach(() => database.empty());

const retentions = () =>
  [DoneMessagesRetention, ProcessedMessagesRetention].map(
    (Retention) => new Retention(database.dataSource, outboxSettings({})),
  );

/** Until no batch finds any more. */
async function clean(): Promise<void> {
  for (const retention of retentions()) while ((await retention.clean()) > 0);
}

async function count(table: string): Promise<number> {
  const [row] = await database.dataSource.query<{ n: string }[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return Number(row!.n);
}

async function aged(ids: readonly string[], state: string, days: number): Promise<void> {
  await database.add(ids);
  await database.dataSource.query(
    `UPDATE outbox SET state = ?, available_at = NOW(3) - INTERVAL ? DAY, done_at = NOW(3) - INTERVAL ? DAY
     WHERE msg_id IN (?)`,
    [state, days, days, ids],
  );
}

/** Both may step over a row that each had locked for a moment: the next clean-up takes it. */
async function twoAtOnce(): Promise<void> {
  await Promise.all([clean(), clean()]);
  await clean();
}

const processed = (ids: readonly string[], days: number) =>
  database.dataSource.query(
    `INSERT INTO processed_messages (consumer, msg_id, processed_at) VALUES ${ids.map(() => `('c', ?, NOW(3) - INTERVAL ${days} DAY)`).join(', ')}`,
    [...ids],
  );

const ids = (prefix: string, howMany: number) =>
  Array.from({ length: howMany }, (_, index) => `${prefix}-${index}`);

describe('the clean-up', () => {
  it('takes what is done and old, and nothing else, also with two at once', async () => {
    await aged(ids('old', 2_500), 'done', 4);
    await aged(ids('young', 10), 'done', 2);
    for (const state of ['pending', 'published', 'dead']) await aged([`old-${state}`], state, 400);
    await twoAtOnce();
    expect(await count('outbox')).toBe(13);
    expect(Object.values(await database.states()).sort()).toEqual(
      [...Array<string>(10).fill('done'), 'dead', 'pending', 'published'].sort(),
    );
  });

  it('forgets what was processed long ago, but not while its message may still come', async () => {
    await processed(ids('old', 2_500), 31);
    await processed(ids('young', 10), 29);
    await aged(['old-5'], 'dead', 40);
    await twoAtOnce();
    const rows = await database.dataSource.query<{ msg_id: string }[]>(
      "SELECT msg_id FROM processed_messages WHERE msg_id LIKE 'old%'",
    );
    expect(rows).toEqual([{ msg_id: 'old-5' }]);
    expect(await count('processed_messages')).toBe(11);
  });
});

describe('a message id', () => {
  const inbox = () => new Inbox(database.dataSource, database.outbox);
  const effect = (manager: EntityManager): Promise<unknown> =>
    manager.query('UPDATE stock SET units = units - 1');
  /** Days pass for the message and the record of its effect. */
  async function pass(days: number): Promise<void> {
    await database.pass(days * 86_400);
    await database.dataSource.query('UPDATE outbox SET done_at = done_at - INTERVAL ? SECOND', [
      days * 86_400,
    ]);
    await database.dataSource.query(
      'UPDATE processed_messages SET processed_at = processed_at - INTERVAL ? SECOND',
      [days * 86_400],
    );
    await clean();
  }

  it('is refused until three days after its message was done, and is another message then', async () => {
    await database.add(['m']);
    await pass(400);
    await expect(database.add(['m'])).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
    await inbox().acknowledge('m');
    await pass(2.9);
    await expect(database.add(['m'])).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
    await pass(0.2);
    await database.add(['m']);
    expect(await database.states()).toEqual({ m: 'pending' });
  });

  it('has no second effect with an inbox for 30 days, whether it was added again or not', async () => {
    await database.add(['m']);
    await inbox().once('c', 'm', effect);
    await pass(29);
    await database.add(['m']);
    await inbox().once('c', 'm', effect);
    expect([await database.units(), await database.states()]).toEqual([99, { m: 'done' }]);
    await pass(31);
    await database.add(['m']);
    await inbox().once('c', 'm', effect);
    expect(await database.units()).toBe(98);
  });
});

describe('the figures of the outbox', () => {
  const values = async (name: string) => {
    const metric = await register.getSingleMetric(name)!.get();
    return Object.fromEntries(metric.values.map(({ labels, value }) => [labels['queue'], value]));
  };

  it('say how much waits for each queue and for how long, and forget a queue with nothing', async () => {
    const gauges = new OutboxGauges(database.dataSource, new OutboxMetrics(), new MemoryPublisher());
    await database.add(['late', 'later'], { runAt: new Date(Date.now() - 120_000) });
    await database.add(['future'], { queue: 'parcels', runAt: new Date(Date.now() + 3_600_000) });
    await database.add(['sent'], { queue: 'cards' });
    await database.dataSource.query("UPDATE outbox SET state = 'published' WHERE queue = 'cards'");
    await gauges.refresh();
    expect(await values('outbox_pending')).toEqual({ letters: 2, parcels: 1 });
    const ages = await values('outbox_oldest_pending_seconds');
    expect(ages['letters']).toBeGreaterThanOrEqual(119);
    expect(ages['parcels']).toBe(0);
    expect(Object.keys(await values('outbox_oldest_undone_seconds'))).toEqual(['cards']);
    await database.dataSource.query('UPDATE outbox SET available_at = NOW(3) + INTERVAL 30 SECOND'); // in hand
    await gauges.refresh();
    expect((await values('outbox_oldest_pending_seconds'))['letters']).toBeGreaterThanOrEqual(119);
    await database.empty();
    await gauges.refresh();
    expect(await values('outbox_pending')).toEqual({});
  });

  it('are 0 for a queue that the publisher knows, and missing while the database does not answer', async () => {
    const publisher = Object.assign(new MemoryPublisher(), { queues: ['letters'] });
    const gauges = new OutboxGauges(database.dataSource, new OutboxMetrics(), publisher);
    await gauges.refresh();
    const names = ['outbox_pending', 'outbox_oldest_pending_seconds', 'outbox_oldest_undone_seconds'];
    for (const name of names) expect(await values(name), name).toEqual({ letters: 0 });
    const away = vi.spyOn(database.dataSource, 'query').mockRejectedValue(new Error('the database is away'));
    await expect(gauges.refresh()).rejects.toThrow('the database is away');
    away.mockRestore();
    for (const name of names) expect(await values(name), name).toEqual({});
  });

  it('take a message that is offered again for undone since it was due, and not for late again', async () => {
    const gauges = new OutboxGauges(database.dataSource, new OutboxMetrics(), new MemoryPublisher());
    await database.add(['offered again', 'waits'], { runAt: new Date(Date.now() - 600_000) });
    await database.dataSource.query('UPDATE outbox SET published_at = NOW(3), available_at = NOW(3)');
    await database.dataSource.query("UPDATE outbox SET state = 'published' WHERE msg_id = 'waits'");
    await gauges.refresh();
    expect(await values('outbox_pending')).toEqual({ letters: 1 });
    expect(await values('outbox_oldest_pending_seconds')).toEqual({ letters: 0 });
    expect((await values('outbox_oldest_undone_seconds'))['letters']).toBeGreaterThanOrEqual(599);
  });
});
