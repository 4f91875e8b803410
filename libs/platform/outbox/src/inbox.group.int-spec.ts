import { eventually, FaultProxy, gate } from '@fourfold-tools/testing';
import { inTransaction, isDuplicateKey } from '@fourfold/db-routing';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { InboxGroup, InboxGroupOptions, InboxMessage } from './inbox.group.js';
import { Inbox } from './inbox.js';
import { OutboxDatabase } from './testing/outbox-database.js';

type Group = InboxGroup<InboxMessage, string>;
type Effect = InboxGroupOptions<InboxMessage, string>['effect'];

let database: OutboxDatabase;

beforeAll(async () => {
  database = await OutboxDatabase.create();
});
afterAll(() => database.close());
beforeEach(() => database.empty());

/** One unit for each message. */
const takeAll: Effect = async (manager, messages) => {
  await manager.query('UPDATE stock SET units = units - ?', [messages.length]);
  return messages.map(({ messageId }) => `took for ${messageId}`);
};

/** A consumer, and the messages of each of its transactions, in the order in which they began. */
function consumer(
  options: Partial<InboxGroupOptions<InboxMessage, string>> = {},
  dataSource = database.dataSource,
) {
  const { effect = takeAll } = options;
  const groups: string[][] = [];
  const group: Group = new Inbox(dataSource, database.outbox).together<InboxMessage, string>({
    consumer: 'stock',
    ...options,
    effect: (manager, messages) => {
      groups.push(messages.map(({ messageId }) => messageId));
      return effect(manager, messages);
    },
  });
  return { groups, once: (messageId: string) => group.once({ messageId }) };
}

const ids = (count: number, from = 1) => Array.from({ length: count }, (_, index) => `m-${index + from}`);
const processed = async () =>
  (await database.dataSource.query<{ msg_id: string }[]>('SELECT msg_id FROM processed_messages')).map(
    ({ msg_id: id }) => id,
  );
const undone = async () =>
  Object.entries(await database.states()).flatMap(([id, state]) => (state === 'done' ? [] : [id]));

describe('messages that come together', () => {
  it('share transactions; each effect is there, its message is done, and each caller has its own result', async () => {
    await database.add(ids(130));
    const { groups, once } = consumer();
    const results = await Promise.all(ids(130).map(once));
    expect(results).toEqual(ids(130).map((id) => `took for ${id}`));
    expect(groups.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([64, 64, 1, 1]);
    expect([await database.units(), await undone()]).toEqual([-30, []]);
  });

  it('and are acknowledged together are done', async () => {
    await database.add(ids(130));
    const inbox = new Inbox(database.dataSource, database.outbox);
    await Promise.all(ids(130).map((id) => inbox.acknowledge(id)));
    expect(await undone()).toEqual([]);
  });

  it('naive twin: without a place of its own, a message that was processed before takes its neighbours with it', async () => {
    await consumer().once('m-3');
    const together = inTransaction(database.dataSource, async (manager) => {
      const rows = ids(5).map((id) => ['stock', id]);
      await manager.query('INSERT INTO processed_messages (consumer, msg_id) VALUES ?', [rows]);
      await takeAll(
        manager,
        ids(5).map((messageId) => ({ messageId })),
      );
    });
    await expect(together).rejects.toSatisfy(isDuplicateKey);
    expect(await processed()).toEqual(['m-3']);
  });

  it('some of which were processed before: those have no second effect, and all are done', async () => {
    const before = ['m-3', 'm-4', 'm-17'];
    await Promise.all(before.map(consumer().once));
    await database.add(ids(20));
    const results = await Promise.all(ids(20).map(consumer().once));
    expect(results).toEqual(ids(20).map((id) => (before.includes(id) ? undefined : `took for ${id}`)));
    expect([await database.units(), await undone()]).toEqual([80, []]);
  });

  it('to two processes at once have each effect once', async () => {
    await database.add(ids(40));
    const processes = [consumer(), consumer()];
    const results = await Promise.all(
      processes.flatMap(({ once }, index) => {
        const mine = index === 0 ? ids(40) : ids(40).toReversed();
        return mine.map(once);
      }),
    );
    expect(results.filter((result) => result !== undefined)).toHaveLength(40);
    expect([await database.units(), await undone()]).toEqual([60, []]);
  });

  it('twice to one process never share a transaction: the second delivery waits for the first, and does nothing', async () => {
    await database.add(['m-1']);
    const { groups, once } = consumer();
    const results = await Promise.all([once('m-1'), once('m-1'), once('m-1')]);
    expect(results).toEqual(['took for m-1', undefined, undefined]);
    expect(groups).toEqual([['m-1']]);
  });
});

describe('a message whose effect fails', () => {
  const failing: Effect = async (manager, messages) => {
    const results = await takeAll(manager, messages);
    if (messages.some(({ messageId }) => messageId === 'm-7')) throw new Error('m-7 is poisoned');
    return results;
  };

  it('is told so alone: its neighbours have theirs, and it has neither record nor mark', async () => {
    await database.add(ids(30));
    const { once } = consumer({ effect: failing });
    const outcomes = await Promise.allSettled(ids(30).map(once));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [[`m-${index + 1}`, (outcome.reason as Error).message]] : [],
    );
    expect(failed).toEqual([['m-7', 'm-7 is poisoned']]);
    expect([await database.units(), await undone()]).toEqual([71, ['m-7']]);
    expect(await processed()).not.toContain('m-7');
  });
});

describe('what follows the commits', () => {
  it('sees the results of a transaction, and only then are its messages done', async () => {
    await database.add(ids(3));
    const seen: unknown[] = [];
    const { once } = consumer({
      afterwards: async (all) => {
        seen.push(...all.map(({ message, result }) => [message.messageId, result]), await undone());
      },
    });
    await once('m-1');
    await once('m-1');
    expect(seen).toEqual([['m-1', 'took for m-1'], ids(3), ['m-1', undefined], ids(3).slice(1)]);
    expect(await undone()).toEqual(['m-2', 'm-3']);
  });

  it('and fails for one is run again at its next delivery alone, without its effect', async () => {
    await database.add(ids(30));
    let isAway = true;
    const { once } = consumer({
      afterwards: async (all) => {
        if (isAway && all.some(({ message }) => message.messageId === 'm-7')) throw new Error('refused');
      },
    });
    const outcomes = await Promise.allSettled(ids(30).map(once));
    expect(outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index + 1] : []))).toEqual([7]);
    expect(await undone()).toEqual(['m-7']);
    isAway = false;
    expect(await once('m-7')).toBeUndefined();
    expect([await database.units(), await undone()]).toEqual([70, []]);
  });

  it('does not keep the next transaction waiting', async () => {
    await database.add(ids(3));
    const mayEnd = gate();
    const first = gate();
    const { once, groups } = consumer({
      inFlight: 1,
      afterwards: async ([one]) => {
        if (one!.message.messageId !== 'm-1') return;
        first.open();
        await mayEnd.passed;
      },
    });
    const held = once('m-1');
    await first.passed;
    await Promise.all([once('m-2'), once('m-3')]);
    expect(groups.flat()).toEqual(['m-1', 'm-2', 'm-3']);
    mayEnd.open();
    expect(await held).toBe('took for m-1');
  });
});

describe('a primary that breaks off', () => {
  async function behind() {
    const proxy = await new FaultProxy(database.url).open();
    const dataSource = await new DataSource({
      type: 'mysql',
      url: proxy.url,
      isolationLevel: 'READ COMMITTED',
    }).initialize();
    onTestFinished(async () => {
      await dataSource.destroy();
      await proxy.close();
    });
    return { proxy, dataSource };
  }

  it('in the middle of a shared transaction: it is run again, and nothing is there twice', async () => {
    await database.add(ids(20));
    const { proxy, dataSource } = await behind();
    let breaks = 1;
    const effect = async (manager: EntityManager, messages: readonly InboxMessage[]) => {
      const results = await takeAll(manager, messages);
      if (messages.length > 1 && breaks-- > 0) proxy.breakConnections();
      return results;
    };
    // One connection: a second one of this pool would not know yet that it is broken.
    const { once } = consumer({ effect, inFlight: 1 }, dataSource);
    const outcomes = await Promise.allSettled(ids(20).map(once));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect([await database.units(), await undone()]).toEqual([80, []]);
  });

  it('as it answers the COMMIT of a shared transaction: each effect is there once, and every message is done', async () => {
    await database.add(ids(20));
    const { proxy, dataSource } = await behind();
    let waits = true;
    const effect = async (manager: EntityManager, messages: readonly InboxMessage[]) => {
      const results = await takeAll(manager, messages);
      if (messages.length > 1 && waits) {
        waits = false;
        proxy.breakOnAnswer('COMMIT');
      }
      return results;
    };
    const { once } = consumer({ effect, inFlight: 1 }, dataSource);
    const results = await Promise.all(ids(20).map(once));
    // As alone: the second delivery finds that the effect has happened.
    expect(results.filter((result) => result === undefined)).toHaveLength(19);
    await eventually(() => proxy.broken === 1);
    expect([await database.units(), await undone()]).toEqual([80, []]);
  });
});

it('a deadlock of two groups is run again, whole', async () => {
  await database.dataSource.query('DELETE FROM stock');
  await database.dataSource.query('INSERT INTO stock VALUES (1), (2)');
  const [mine, other] = [gate(), gate()];
  let first = true;
  const { once } = consumer({
    effect: async (manager, messages) => {
      await manager.query('UPDATE stock SET units = units + 10 WHERE units % 10 = 1');
      if (first) {
        first = false;
        mine.open();
        await other.passed;
      }
      await manager.query('UPDATE stock SET units = units + 10 WHERE units % 10 = 2');
      return messages.map(({ messageId }) => messageId);
    },
  });
  const against = inTransaction(database.dataSource, async (manager) => {
    await manager.query('UPDATE stock SET units = units + 20 WHERE units % 10 = 2');
    other.open();
    await mine.passed;
    await manager.query('UPDATE stock SET units = units + 20 WHERE units % 10 = 1');
  });
  await Promise.all([once('m-1'), against]);
  const rows = await database.dataSource.query<{ units: number }[]>('SELECT units FROM stock ORDER BY units');
  expect(rows.map(({ units }) => Number(units))).toEqual([31, 32]);
});
