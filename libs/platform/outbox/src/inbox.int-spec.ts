import { gate } from '@fourfold-tools/testing';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from './inbox.js';
import { OutboxDatabase } from './testing/outbox-database.js';

let database: OutboxDatabase;
let inbox: Inbox;

beforeAll(async () => {
  database = await OutboxDatabase.create();
  inbox = new Inbox(database.dataSource, database.outbox);
});
afterAll(() => database.close());
beforeEach(() => database.empty());

const takeOne = async (manager: EntityManager): Promise<string> => {
  await manager.query('UPDATE stock SET units = units - 1');
  return 'taken';
};
const processed = () =>
  database.dataSource.query<unknown[]>('SELECT consumer, msg_id FROM processed_messages');

/** 20 deliveries that all begin before one ends. */
function deliver<T>(delivery: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: 20 }, (_, index) => delivery(index)));
}

describe('20 deliveries of one message at once', () => {
  it('naive twin: asking first whether it was processed lets every one of them do it', async () => {
    let asked = 0;
    const allAsked = gate();
    await deliver(() =>
      database.dataSource.transaction(async (manager) => {
        const [found] = await manager.query<unknown[]>("SELECT 1 FROM processed_messages WHERE msg_id = 'm'");
        asked += 1;
        if (asked === 20) allAsked.open();
        await allAsked.passed;
        if (found !== undefined) return;
        await takeOne(manager);
        await manager.query("INSERT IGNORE INTO processed_messages (consumer, msg_id) VALUES ('stock', 'm')");
      }),
    );
    expect(await database.units()).toBe(80);
  });

  it('have their effect once; the others get nothing, and no error', async () => {
    await database.add(['m']);
    const outcomes = await deliver(() => inbox.once('stock', 'm', takeOne));
    const values = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : outcome.reason,
    );
    expect(values.filter((value) => value === 'taken')).toHaveLength(1);
    expect(values.filter((value) => value === undefined)).toHaveLength(19);
    expect(await database.units()).toBe(99);
    expect(await database.states()).toEqual({ m: 'done' });
  });

  it('the first of which fails in the middle still have it once', async () => {
    let attempts = 0;
    const outcomes = await deliver(() =>
      inbox.once('stock', 'm', async (manager) => {
        attempts += 1;
        const fails = attempts === 1;
        await takeOne(manager);
        if (fails) throw new Error('the first one fails');
      }),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await database.units()).toBe(99);
    expect(await processed()).toHaveLength(1);
  });
});

describe('Inbox.once', () => {
  it('a failing effect leaves no record: the next delivery does it', async () => {
    await database.add(['m']);
    const failing = inbox.once('stock', 'm', async (manager) => {
      await takeOne(manager);
      throw new Error('after the effect');
    });
    await expect(failing).rejects.toThrow('after the effect');
    expect([await database.units(), await processed(), await database.states()]).toEqual([
      100,
      [],
      { m: 'pending' },
    ]);
    expect(await inbox.once('stock', 'm', takeOne)).toBe('taken');
    expect([await database.units(), await database.states()]).toEqual([99, { m: 'done' }]);
  });

  it('a duplicate key in the effect is the effect’s error, not a message processed before', async () => {
    const clash = inbox.once('stock', 'm', async (manager) => {
      await manager.query(
        "INSERT INTO processed_messages (consumer, msg_id) VALUES ('other', 'x'), ('other', 'x')",
      );
    });
    await expect(clash).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
    expect(await processed()).toEqual([]);
  });

  it('each consumer has its own effect of one message', async () => {
    await inbox.once('stock', 'm', takeOne);
    await inbox.once('statistics', 'm', takeOne);
    expect(await database.units()).toBe(98);
  });

  it('a repeated delivery marks the message done that a crash had left open', async () => {
    await inbox.once('stock', 'm', takeOne);
    await database.add(['m']);
    expect(await inbox.once('stock', 'm', takeOne)).toBeUndefined();
    expect(await database.states()).toEqual({ m: 'done' });
  });

  it('ids that differ in case alone are two messages', async () => {
    await inbox.once('stock', 'order-a', takeOne);
    await inbox.once('stock', 'order-A', takeOne);
    expect(await database.units()).toBe(98);
  });

  it('new messages of the effect exist exactly if it does', async () => {
    const effect = (fails: boolean) => async (manager: EntityManager) => {
      await database.outbox.add(manager, { messageId: 'follow-up', queue: 'letters', payload: {} });
      if (fails) throw new Error('no');
    };
    await expect(inbox.once('stock', 'm', effect(true))).rejects.toThrow('no');
    expect(await database.states()).toEqual({});
    await inbox.once('stock', 'm', effect(false));
    expect(await database.states()).toEqual({ 'follow-up': 'pending' });
  });
});

describe('what follows the commit', () => {
  it('runs with the result, and only then is the message done', async () => {
    await database.add(['m']);
    const seen: unknown[] = [];
    await inbox.once('stock', 'm', takeOne, async (result) => {
      seen.push(result, await database.states());
    });
    expect(seen).toEqual(['taken', { m: 'pending' }]);
    expect(await database.states()).toEqual({ m: 'done' });
  });

  it('is run again at the next delivery when it failed, without repeating the effect', async () => {
    await database.add(['m']);
    const refuse = () => Promise.reject(new Error('the cache is away'));
    await expect(inbox.once('stock', 'm', takeOne, refuse)).rejects.toThrow('the cache is away');
    expect(await database.states()).toEqual({ m: 'pending' });
    const results: unknown[] = [];
    await inbox.once('stock', 'm', takeOne, async (result) => void results.push(result));
    expect(results).toEqual([undefined]);
    expect(await database.units()).toBe(99);
    expect(await database.states()).toEqual({ m: 'done' });
  });
});
