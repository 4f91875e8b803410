import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mariadbDialect as dialect } from '../engine/mariadb.dialect.js';
import type { NodePool } from '../pool/node.pool.js';
import { PositionWaiter } from './position.waiter.js';

type Answer = (error: Error | null, rows?: object[]) => void;

/** A replica whose answers the test gives, one by one. */
class ScriptedReplica {
  readonly asked: { sql: string; values: unknown[]; answer: Answer }[] = [];
  readonly pool = {
    node: 'replica-1',
    acquire: (_request: object, callback: (error: null, connection: object) => void) =>
      callback(null, {
        query: (sql: string, values: unknown[], answer: Answer) => this.asked.push({ sql, values, answer }),
        release: () => {},
        destroy: () => {},
      }),
    end: (ended: () => void) => ended(),
  } as unknown as NodePool;

  /** The statement that it has to answer now. */
  get current() {
    return this.asked.at(-1)!;
  }

  /** Answers a wait, and the question after it: this is how far it is. */
  async reaches(position: string): Promise<void> {
    this.current.answer(null, [{ reached: 1 }]);
    await settled();
    expect(this.current.sql).toBe(dialect.positionQuery);
    this.current.answer(null, [{ position }]);
    await settled();
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);

let replica: ScriptedReplica;
let positions: PositionWaiter;

beforeEach(() => {
  vi.useFakeTimers();
  replica = new ScriptedReplica();
  positions = new PositionWaiter(replica.pool, dialect);
});
afterEach(() => void vi.useRealTimers());

describe('what a replica is known to have', () => {
  it('is nothing at first, then what it said last, and nothing once it is forgotten', () => {
    expect(positions.covers('1-1-1')).toBe(false);
    positions.learn('1-1-5');
    expect([positions.covers('1-1-5'), positions.covers('1-1-6'), positions.covers('2-1-1')]).toEqual([
      true,
      false,
      false,
    ]);
    positions.forget();
    expect(positions.covers('1-1-5')).toBe(false);
  });

  it('can become less: a replica made anew from an older copy', () => {
    positions.learn('1-1-5');
    positions.learn('1-1-3');
    expect([positions.covers('1-1-3'), positions.covers('1-1-5')]).toEqual([true, false]);
  });
});

describe('a wait', () => {
  it('for what is there is over at once, and asks the replica nothing', async () => {
    positions.learn('1-1-5');
    expect(await positions.wait('1-1-4', 150)).toBe(true);
    expect(replica.asked).toEqual([]);
  });

  it('shares its statement with all the others, and each is over as soon as its own position is there', async () => {
    const over: string[] = [];
    for (const position of ['1-1-7', '1-1-5', '1-1-9']) {
      void positions.wait(position, 150).then((reached) => over.push(`${position} ${reached}`));
    }
    expect(replica.asked).toHaveLength(1);
    expect(replica.current.values[0]).toBe('1-1-7');
    await replica.reaches('1-1-6');
    expect(over).toEqual(['1-1-5 true']);
    await replica.reaches('1-1-8');
    expect(over).toEqual(['1-1-5 true', '1-1-7 true']);
    expect(replica.current.values[0]).toBe('1-1-9');
    await vi.advanceTimersByTimeAsync(150);
    expect(over).toEqual(['1-1-5 true', '1-1-7 true', '1-1-9 false']);
  });

  it('is over when a probe of the replica’s health learns of the position first', async () => {
    const wait = positions.wait('1-1-7', 150);
    positions.learn('1-1-7');
    expect(await wait).toBe(true);
  });

  it('ends with its time, and the replica is asked no more once no read waits', async () => {
    const wait = positions.wait('1-1-7', 20);
    await vi.advanceTimersByTimeAsync(20);
    expect(await wait).toBe(false);
    await replica.reaches('1-1-6');
    expect(replica.asked).toHaveLength(2);
    void positions.wait('1-1-7', 150);
    expect(replica.asked).toHaveLength(3);
  });

  it.each<[string, () => void]>([
    ['answers with an error', () => replica.current.answer(new Error('gone'))],
    ['is forgotten, as one that does not answer is', () => positions.forget()],
  ])('is over, in vain, when the replica %s', async (_what, happen) => {
    const waits = [positions.wait('1-1-7', 150), positions.wait('1-1-8', 150)];
    happen();
    expect(await Promise.all(waits)).toEqual([false, false]);
  });

  it('is over, in vain, when the replica says nothing for longer than it may', async () => {
    const wait = positions.wait('1-1-7', 10_000);
    await vi.advanceTimersByTimeAsync(150);
    expect(await wait).toBe(false);
  });

  it('is over, in vain, when all ends, and so is one after that', async () => {
    const wait = positions.wait('1-1-7', 150);
    await positions.end();
    expect([await wait, await positions.wait('1-1-7', 150)]).toEqual([false, false]);
  });
});
