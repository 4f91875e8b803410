import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OutboxDatabase } from './testing/outbox-database.js';

let database: OutboxDatabase;

beforeAll(async () => {
  database = await OutboxDatabase.create();
});
afterAll(() => database.close());
beforeEach(() => database.empty());

const message = (messageId: string) => ({ messageId, queue: 'letters', payload: { n: 1 } });

describe('Outbox', () => {
  it('a message exists exactly if its transaction commits', async () => {
    const { dataSource, outbox } = database;
    await dataSource.transaction(async (manager) => {
      await manager.query('UPDATE stock SET units = units - 1');
      await outbox.add(manager, message('kept'));
    });
    const undone = dataSource.transaction(async (manager) => {
      await manager.query('UPDATE stock SET units = units - 1');
      await outbox.add(manager, message('undone'));
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await database.states()).toEqual({ kept: 'pending' });
    expect(await database.units()).toBe(99);
  });

  it('no reader sees a message before its transaction commits', async () => {
    await database.dataSource.transaction(async (manager) => {
      await database.outbox.add(manager, message('unborn'));
      expect(await database.states()).toEqual({});
    });
    expect(await database.states()).toEqual({ unborn: 'pending' });
  });

  it('takes several at once, and none', async () => {
    await database.add(['a', 'b', 'c']);
    await database.add([]);
    expect(Object.keys(await database.states())).toEqual(['a', 'b', 'c']);
  });

  it('the same message id a second time is an error, and undoes the whole transaction', async () => {
    await database.add(['a']);
    await expect(database.add(['b', 'a'])).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
    expect(await database.states()).toEqual({ a: 'pending' });
  });

  it('ids that differ in case alone are two messages, on a database that ignores case too', async () => {
    await database.add(['order-a', 'order-A']);
    expect(await database.rows()).toHaveLength(2);
  });

  it('an id of more than 100 characters is an error, never cut', async () => {
    await expect(database.add(['x'.repeat(101)])).rejects.toMatchObject({ code: 'message-id' });
  });

  it('takes a message back, and its id may be used again; not what a relay has in hand or has handed over', async () => {
    const { dataSource, outbox } = database;
    await database.add(['claimed', 'published', 'taken back', 'other']);
    await dataSource.query("UPDATE outbox SET claim = UUID() WHERE msg_id = 'claimed'");
    await dataSource.query(
      "UPDATE outbox SET state = 'published', claim = UUID() WHERE msg_id = 'published'",
    );
    await outbox.withdraw(dataSource.manager, 'claimed', 'published', 'taken back', 'unknown');
    await outbox.withdraw(dataSource.manager);
    expect(await database.states()).toEqual({ claimed: 'pending', published: 'published', other: 'pending' });
    await database.add(['taken back']);
    expect(await database.states()).toHaveProperty(['taken back'], 'pending');
  });

  it('keeps the due time to the millisecond', async () => {
    const runAt = new Date(Date.now() + 3_600_678);
    await database.add(['later'], { runAt });
    const [row] = await database.dataSource.query<Record<string, unknown>[]>(
      'SELECT run_at, available_at FROM outbox',
    );
    expect(row).toEqual({ run_at: runAt, available_at: runAt });
  });
});
