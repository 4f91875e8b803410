import {
  createRoutedDataSource,
  dbRoutingMigrations,
  inTransaction,
  type RoutedDataSource,
} from '@fourfold/db-routing';
import { Inbox, Outbox, outboxMigrations } from '@fourfold/outbox';
import {
  eventually,
  type MigratedDatabase,
  migratedDatabase,
  sequence,
  testEngine,
} from '@fourfold-tools/testing';
import type { OrderEvent, OrderEventKind } from '@shop/contracts';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EVENTS_BY_HOUR, type FunnelHour, FunnelReader } from './funnel.reader.js';
import { analyticsMigrations } from './index.js';
import { OrderEventLog } from './order-event.log.js';
import { OrderEventsRetention } from './order-events.retention.js';

const [from, to] = [new Date('2026-05-01T10:00:00Z'), new Date('2026-05-01T13:00:00Z')];
const NAIVE = 'CREATE TABLE naive_events (order_id BIGINT UNSIGNED NOT NULL, event VARCHAR(9) NOT NULL)';

let migrated: MigratedDatabase;
let routed: RoutedDataSource;
let dataSource: DataSource;
const log = new OrderEventLog();

beforeAll(async () => {
  migrated = await migratedDatabase({
    migrations: [...dbRoutingMigrations, ...outboxMigrations, ...analyticsMigrations],
    alsoRun: [NAIVE],
  });
  const { appUrl: primaryUrl, readUrls: replicas } = migrated.database;
  routed = createRoutedDataSource({ primaryUrl, replicas, engine: testEngine });
  dataSource = await routed.start();
});
afterAll(async () => {
  await routed?.stop();
  await migrated?.close();
});
beforeEach(() => dataSource.query('DELETE FROM order_events'));

const happened = (orderId: string | number, event: OrderEventKind, at: string): OrderEvent => ({
  orderId: String(orderId),
  event,
  at: `2026-05-01T${at}Z`,
  totalMinor: 1_250,
});
const append = (...events: OrderEvent[]) =>
  inTransaction(dataSource, (manager) => log.append(manager, events));
const funnel = (): Promise<FunnelHour[]> => new FunnelReader(dataSource).hours({ from, to });
const counted = async () => {
  const [row] = await dataSource.query<{ events: string }[]>('SELECT COUNT(*) AS events FROM order_events');
  return Number(row!.events);
};

describe('the funnel', () => {
  it('has each hour of the range, by when the events happened, read from a replica', async () => {
    await append(
      happened(1, 'placed', '09:59:59.999'),
      happened(1, 'confirmed', '10:00:00.000'),
      happened(2, 'placed', '10:59:59.999'),
      happened(2, 'rejected', '12:00:00.000'),
      happened(3, 'placed', '12:59:59.999'),
      happened(3, 'cancelled', '13:00:00.000'),
    );
    await eventually(async () =>
      expect(await funnel()).toEqual([
        { hour: '2026-05-01T10:00:00.000Z', placed: 1, confirmed: 1, rejected: 0, cancelled: 0 },
        { hour: '2026-05-01T11:00:00.000Z', placed: 0, confirmed: 0, rejected: 0, cancelled: 0 },
        { hour: '2026-05-01T12:00:00.000Z', placed: 1, confirmed: 0, rejected: 1, cancelled: 0 },
      ]),
    );
  });

  it('reads the index by time and no row beside it', async () => {
    await dataSource.query(
      `INSERT INTO order_events (order_id, event, occurred_at, total_minor)
       SELECT seq, 'placed', '2026-05-01 00:00:00' + INTERVAL seq SECOND, 1 FROM ${sequence(50_000)}`,
    );
    const plan = await dataSource.query<object[]>(`EXPLAIN ${EVENTS_BY_HOUR}`, [from, from, to]);
    expect(plan).toMatchObject([
      { type: 'range', key: 'order_events_time', Extra: expect.stringContaining('Using index') },
    ]);
  });
});

describe('an event', () => {
  it('that is appended twice, and by two transactions at once, is there once', async () => {
    const events = Array.from({ length: 200 }, (_, id) => happened(id, 'placed', '10:00:00.000'));
    await Promise.all([append(...events), append(...events.toReversed()), append(...events)]);
    await append(...events);
    expect(await counted()).toBe(200);
  });

  it('naive twin: in a table without that key, each delivery is one event more', async () => {
    for (let deliveries = 0; deliveries < 2; deliveries += 1)
      await dataSource.query("INSERT INTO naive_events VALUES (1, 'placed')");
    const [row] = await dataSource.query<{ events: string }[]>('SELECT COUNT(*) AS events FROM naive_events');
    expect(Number(row!.events)).toBe(2);
  });

  it('of a message that comes again is there once, and has its first time', async () => {
    const inbox = new Inbox(dataSource, new Outbox());
    const deliver = (at: string) =>
      inbox.once('analytics', 'order-events:placed:7', (manager) =>
        log.append(manager, [happened(7, 'placed', at)]),
      );
    await deliver('10:00:00.000');
    await deliver('11:00:00.000');
    await append(happened(7, 'placed', '12:00:00.000'));
    await eventually(async () => expect((await funnel()).map(({ placed }) => placed)).toEqual([1, 0, 0]));
  });

  it('is not there when its transaction is rolled back', async () => {
    const undone = inTransaction(dataSource, async (manager) => {
      await log.append(manager, [happened(1, 'placed', '10:00:00.000')]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await counted()).toBe(0);
  });
});

it('events go when they are old, the oldest first, and others stay', async () => {
  await dataSource.query(
    `INSERT INTO order_events (order_id, event, occurred_at, total_minor)
     SELECT seq, 'placed', NOW(3) - INTERVAL seq HOUR, 1 FROM ${sequence(600)}`,
  );
  const retention = new OrderEventsRetention(dataSource, 48.5 * 3_600);
  expect([await retention.clean(), await retention.clean(), await retention.clean()]).toEqual([500, 52, 0]);
  expect(await counted()).toBe(48);
});
