import { randomUUID } from 'node:crypto';
import { eventually, gate } from '@fourfold-tools/testing';
import { PeriodicTask } from '@fourfold/kernel';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KnownQueue } from '../outbox.message.js';
import { Outbox } from '../outbox.js';
import { OutboxMetrics } from '../outbox.metrics.js';
import { LocalSignal, OutboxSignal } from '../outbox.signal.js';
import { MemoryPublisher } from '../testing/memory.publisher.js';
import type { OutboxDatabase } from '../testing/outbox-database.js';
import type { TestRelays } from '../testing/test-relays.js';
import { useRelays } from '../testing/use-relays.js';
import { RelayLane } from './relay-lane.js';
import { CLAIM, SELECT_DUE } from './relaying.sql.js';

const fixture = useRelays();
let database: OutboxDatabase;
let relays: TestRelays;
beforeEach(() => void ({ database, relays } = fixture));

const many = (count: number) => Array.from({ length: count }, (_, index) => `m-${index}`);

describe('a queue that takes nothing', () => {
  it('does not hold up the messages of another, however many wait for it', async () => {
    await database.add(many(1_000), { queue: 'stuck' });
    const held = gate();
    const publisher = new MemoryPublisher(async (messages) => {
      if (messages[0]!.queue !== 'stuck') return messages;
      await held.passed;
      return [];
    });
    relays.start(publisher);
    await eventually(() => publisher.batches.length === 1);
    await database.add(['letter']);
    await eventually(async () => expect((await database.states())['letter']).toBe('published'));
    held.open();
  });

  it('naive twin: with one batch for all, the others wait behind it', async () => {
    await database.add(many(1_000), { queue: 'stuck' });
    await database.add(['letter']);
    const rows = await database.dataSource.query<{ queue: string }[]>(
      "SELECT queue FROM outbox WHERE state = 'pending' ORDER BY available_at, id LIMIT 200",
    );
    expect(rows.map(({ queue }) => queue)).not.toContain('letters');
  });

  it('because its process does not know the queue leaves the messages to one that does, and loses none', async () => {
    await database.add(many(300), { queue: 'new' });
    const older = new MemoryPublisher((messages) => messages.filter(({ queue }) => queue !== 'new'));
    relays.start(older);
    await eventually(() => older.batches.length > 0);
    await database.add(['letter']);
    await eventually(async () => expect((await database.states())['letter']).toBe('published'));
    const newer = new MemoryPublisher();
    relays.start(newer);
    await eventually(() => newer.messages.length === 300);
    expect(newer.messageIds.toSorted()).toEqual(many(300).toSorted());
  });

  describe('by a clock that the test moves', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
    afterEach(() => void vi.useRealTimers());

    it('is asked ever less often, soon again after it said that it is back, and gets everything in the end', async () => {
      const publisher = new MemoryPublisher(() => []);
      const { dataSource } = database;
      const lane = new RelayLane('stuck', {
        dataSource,
        publisher,
        metrics: new OutboxMetrics(),
        claim: randomUUID(),
      });
      /** Whether the lane asks when it is woken, with its message due. */
      const asks = async () => {
        const before = publisher.batches.length;
        await database.pass(2);
        lane.wake();
        await lane.idle();
        return publisher.batches.length > before;
      };
      const asksAfter = async (restMs: number) => {
        vi.advanceTimersByTime(restMs - 1);
        expect(await asks()).toBe(false);
        vi.advanceTimersByTime(1);
        return asks();
      };
      await database.add(['m'], { queue: 'stuck' });
      expect(await asks()).toBe(true);
      for (const restMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
        expect(await asksAfter(restMs)).toBe(true);
      lane.endRest();
      expect(await asks()).toBe(true);
      expect(await asksAfter(1_000)).toBe(true);
      publisher.answer = (messages) => messages;
      expect(await asksAfter(2_000)).toBe(true);
      expect(await database.states()).toEqual({ m: 'published' });
    });

    it('and says that it is back is asked again, though its rest has not ended', async () => {
      await database.add(['m'], { queue: 'stuck' });
      const publisher = new MemoryPublisher(() => []);
      relays.start(publisher);
      await eventually(() => publisher.batches.length === 1);
      await eventually(() => {
        publisher.returns();
        return publisher.batches.length === 2;
      });
    });
  });

  it('is counted, and so is a batch that the database does not give', async () => {
    const errors = async () => {
      const metric = await register.getSingleMetric('outbox_publish_errors_total')?.get();
      return metric?.values.find(({ labels }) => labels['queue'] === 'stuck')?.value ?? 0;
    };
    const before = await errors();
    await database.add(['m'], { queue: 'stuck' });
    const publisher = new MemoryPublisher(() => []);
    relays.start(publisher);
    await eventually(async () => (await errors()) === before + 1);
    const claim = vi
      .spyOn(database.dataSource, 'transaction')
      .mockRejectedValue(new Error('the database is away'));
    await eventually(async () => claim.mock.calls.length === 1 && (await errors()) === before + 2);
    claim.mockRestore();
  });
});

describe('a claim that stands open', () => {
  async function writerBeside(isolation: 'READ COMMITTED' | 'REPEATABLE READ'): Promise<'commits' | 'waits'> {
    await database.add(['first']);
    return database.dataSource.transaction(isolation, async (claimer) => {
      const rows = await claimer.query<{ id: string }[]>(SELECT_DUE, ['letters', 200]);
      await claimer.query(CLAIM, ['00000000-0000-0000-0000-000000000000', 30, rows.map(({ id }) => id)]);
      return database.dataSource.transaction(async (writer) => {
        await writer.query('SET SESSION innodb_lock_wait_timeout = 1');
        const message = { messageId: 'second', queue: 'letters', payload: {}, runAt: new Date(0) };
        try {
          await database.outbox.add(writer, message);
          return 'commits';
        } catch {
          return 'waits';
        } finally {
          await writer.query('SET SESSION innodb_lock_wait_timeout = 5');
        }
      });
    });
  }

  it('does not hold up who adds messages to the same queue', async () => {
    expect(await writerBeside('READ COMMITTED')).toBe('commits');
  });

  it('naive twin: at repeatable read it locks the gap that they go into', async () => {
    expect(await writerBeside('REPEATABLE READ')).toBe('waits');
  });
});

describe('a nudge', () => {
  /** Counts the nudges, and wakes no relay. */
  class CountedSignal extends LocalSignal {
    nudges = 0;

    override nudge(): void {
      this.nudges += 1;
    }
  }
  const message = (messageId: string) => ({ messageId, queue: 'letters', payload: {} });

  it('is given after the commit, once, and not at a savepoint or a rollback', async () => {
    const signal = new CountedSignal();
    const outbox = new Outbox<KnownQueue>(signal);
    const { dataSource } = database;
    await dataSource.transaction(async (manager) => {
      await outbox.add(manager, message('a'));
      await outbox.add(manager, message('b'));
      await manager.transaction((inner) => outbox.add(inner, message('c')));
      expect(signal.nudges).toBe(0);
    });
    expect(signal.nudges).toBe(1);
    const undone = dataSource.transaction(async (manager) => {
      await outbox.add(manager, message('d'));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await dataSource.transaction((manager) => manager.query('SELECT 1')); // on the same connection, it may be
    expect(signal.nudges).toBe(1);
    await outbox.add(dataSource.manager, message('e'));
    expect(signal.nudges).toBe(2);
  });

  it('that is lost costs a poll and no message', async () => {
    class DeafSignal extends OutboxSignal {
      nudge(): void {}
      onNudge = () => () => {};
    }
    const publisher = new MemoryPublisher();
    relays.start(publisher, new DeafSignal());
    for (const id of many(3)) {
      await database.add([id]);
      await eventually(() => publisher.messageIds.includes(id));
    }
  });

  it('alone wakes a relay whose poll never comes', async () => {
    interface Task {
      options: { name: string };
      rest(forMs: number): void;
    }
    const tasks = PeriodicTask.prototype as unknown as Task;
    const { rest } = tasks;
    let rests = 0;
    const endless = vi.spyOn(tasks, 'rest').mockImplementation(function (this: Task, forMs: number) {
      if (this.options.name !== 'Outbox relay') return rest.call(this, forMs);
      rests += 1;
      rest.call(this, 2 ** 31 - 1);
    });
    const [signal, publisher] = [new LocalSignal(), new MemoryPublisher()];
    relays.start(publisher, signal);
    await eventually(() => rests === 1);
    await database.add(['without a nudge']);
    expect([rests, publisher.batches]).toEqual([1, []]);
    const outbox = new Outbox<KnownQueue>(signal);
    await database.dataSource.transaction((manager) => outbox.add(manager, message('nudged')));
    await eventually(() => expect(publisher.messageIds).toEqual(['without a nudge', 'nudged']));
    endless.mockRestore();
  });
});

describe('a queue that has lost its data', () => {
  it('gets what was published and is not done at once, without the horizon', async () => {
    await database.add(many(1_200));
    const publisher = new MemoryPublisher();
    relays.start(publisher);
    await eventually(async () => (await database.rows()).every(({ state }) => state === 'published'));
    await database.dataSource.transaction((manager) => database.outbox.markDone(manager, 'm-7'));
    await database.pass(-3_500); // as far ahead as a horizon can be
    publisher.batches.length = 0;
    publisher.empty = true;
    await eventually(() => publisher.messages.length === 1_199);
    expect(new Set(publisher.messageIds).size).toBe(1_199);
    expect(publisher.messageIds).not.toContain('m-7');
  });
});
