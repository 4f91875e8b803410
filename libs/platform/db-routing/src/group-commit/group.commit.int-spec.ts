import { eventually, FaultProxy, gate, type TestDatabase } from '@fourfold-tools/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { consistencyState, runInScope } from '../consistency/consistency.context.js';
import { isDuplicateKey, isLockTimeout } from '../driver-error.js';
import { DatabaseUnavailableError, PoolExhaustedError } from '../errors.js';
import { inTransaction } from '../transaction.js';
import { ask, Note, routedDatabase } from '../testing/routed-database.js';
import { watchedCluster } from '../testing/watched-cluster.js';
import { GroupCommit, type GroupCommitOptions } from './group.commit.js';

interface Unit {
  id: number;
  text: string;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await routedDatabase();
});
afterAll(() => database.drop());
beforeEach(() => ask(database.appUrl, 'DELETE FROM notes'));

async function process(primaryUrl = database.appUrl) {
  const watched = await watchedCluster({
    options: { primaryUrl, replicas: database.readUrls, primaryConnections: 8 },
  });
  onTestFinished(watched.close);
  return watched;
}

/** Rows in the order of their ids, whatever the order of the units. */
async function insertAll(manager: EntityManager, units: readonly Unit[]): Promise<string[]> {
  const rows = units.toSorted((a, b) => a.id - b.id).map(({ id, text }) => [id, text]);
  await manager.query('INSERT INTO notes (id, text) VALUES ?', [rows]);
  return units.map(({ text }) => `wrote ${text}`);
}

function counting(dataSource: DataSource, options: Partial<GroupCommitOptions<Unit, string>> = {}) {
  const batches: Unit[][] = [];
  const commits = new GroupCommit<Unit, string>(dataSource, {
    write: (manager, units) => {
      batches.push([...units]);
      return insertAll(manager, units);
    },
    ...options,
  });
  return { commits, batches };
}

const unit = (id: number, text = `note ${id}`): Unit => ({ id, text });
const units = (count: number, from = 1): Unit[] =>
  Array.from({ length: count }, (_, index) => unit(from + index));
const stored = async () =>
  (await ask(database.appUrl, 'SELECT id FROM notes ORDER BY id')).map(({ id }) => Number(id));

describe('units that come together', () => {
  it('share transactions, and each caller gets its own result', async () => {
    const { dataSource } = await process();
    const { commits, batches } = counting(dataSource);
    const results = await Promise.all(units(200).map((one) => commits.run(one)));
    expect(results).toEqual(units(200).map(({ text }) => `wrote ${text}`));
    expect(await stored()).toEqual(units(200).map(({ id }) => id));
    // The first begins with the first unit, further ones when they are full, and the last one when there is nothing else.
    expect(batches.map(({ length }) => length).toSorted((a, b) => b - a)).toEqual([64, 64, 64, 7, 1]);
  });

  it('have one to themselves when they are too heavy', async () => {
    const { dataSource } = await process();
    const { commits, batches } = counting(dataSource, {
      weightOf: ({ id }) => (id === 5 ? 9_999 : 100),
      mostWeight: 300,
    });
    await Promise.all(units(8).map((one) => commits.run(one)));
    // Which of the two under way writes first is the pool's affair, and no part of the promise.
    const groups = batches.map((batch) => batch.map(({ id }) => id)).toSorted((a, b) => a[0]! - b[0]!);
    expect(groups).toEqual([[1], [2, 3, 4], [5], [6, 7, 8]]);
  });

  it('wait for one that takes long no longer than for 50 ms', async () => {
    const { dataSource } = await process();
    const [begun, held] = [gate(), gate()];
    const { commits, batches } = counting(dataSource, {
      write: async (manager, all) => {
        batches.push([...all]);
        if (all[0]?.id === 1) {
          begun.open();
          await held.passed;
        }
        return insertAll(manager, all);
      },
    });
    const first = commits.run(unit(1));
    await begun.passed;
    await Promise.all(units(3, 2).map((one) => commits.run(one)));
    expect(batches.map((batch) => batch.map(({ id }) => id))).toEqual([[1], [2, 3, 4]]);
    held.open();
    await first;
  });

  it('do not hold a single one back: it is committed at once', async () => {
    const { dataSource } = await process();
    const { commits, batches } = counting(dataSource);
    await commits.run(unit(1));
    expect(batches).toEqual([[unit(1)]]);
  });
});

describe('a unit that cannot be written', () => {
  it('naive twin: takes its neighbours with it when they share one transaction', async () => {
    const { dataSource } = await process();
    await ask(database.appUrl, "INSERT INTO notes (id, text) VALUES (13, 'there before')");
    const together = inTransaction(dataSource, (manager) => insertAll(manager, units(30)));
    await expect(together).rejects.toSatisfy(isDuplicateKey);
    expect(await stored()).toEqual([13]);
  });

  it('is told so alone: its neighbours are committed', async () => {
    const { dataSource } = await process();
    await ask(database.appUrl, "INSERT INTO notes (id, text) VALUES (13, 'there before')");
    const { commits, batches } = counting(dataSource);
    const outcomes = await Promise.allSettled(units(30).map((one) => commits.run(one)));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [[index + 1, outcome.reason]] : [],
    );
    expect(failed).toEqual([[13, expect.toSatisfy(isDuplicateKey)]]);
    expect(await stored()).toEqual(units(30).map(({ id }) => id));
    // By halves: log₂ 28, and not one for each neighbour.
    expect(batches.length).toBeLessThan(16);
  });

  it('whose key is under way waits for that one, and not in the database', async () => {
    const { dataSource } = await process();
    const written = gate();
    const { commits, batches } = counting(dataSource, {
      keyOf: ({ id }) => String(id),
      write: async (manager, all) => {
        batches.push([...all]);
        const result = await insertAll(manager, all);
        if (all.length === 1 && all[0]!.text === 'first') await written.passed;
        return result;
      },
    });
    const first = commits.run(unit(1, 'first'));
    const second = commits.run(unit(1, 'second'));
    await commits.run(unit(2));
    // The other lane has been free since: the second one has not begun.
    expect(batches.flat().map(({ text }) => text)).toEqual(['first', 'note 2']);
    written.open();
    await expect(first).resolves.toBe('wrote first');
    await expect(second).rejects.toSatisfy(isDuplicateKey);
  });
});

describe('a unit whose row another process holds', () => {
  it('waits alone: its neighbours are committed meanwhile', async () => {
    const { dataSource } = await process();
    const held = gate();
    const holding = gate();
    const holder = dataSource.transaction(async (manager) => {
      await manager.query("INSERT INTO notes (id, text) VALUES (2, 'held')");
      holding.open();
      await held.passed;
      throw new Error('rolled back');
    });
    await holding.passed;
    const done: number[] = [];
    const { commits } = counting(dataSource, {
      inFlight: 1,
      write: async (manager, all) => {
        await manager.query('SET SESSION innodb_lock_wait_timeout = 1');
        try {
          return await insertAll(manager, all);
        } finally {
          await manager.query('SET SESSION innodb_lock_wait_timeout = DEFAULT');
        }
      },
    });
    const neighbours = [9, 1, 3, 4].map((id) => commits.run(unit(id)).then(() => void done.push(id)));
    const waiting = commits.run(unit(2)).catch((error: Error) => error);
    await Promise.all(neighbours);
    expect(done).toHaveLength(4);
    expect(await waiting).toSatisfy(isLockTimeout);
    held.open();
    await expect(holder).rejects.toThrow('rolled back');
  });
});

describe('a transaction that loses', () => {
  it('a deadlock is run again, whole', async () => {
    const { dataSource } = await process();
    await ask(database.appUrl, "INSERT INTO notes (id, text) VALUES (1, ''), (2, '')");
    const hold = { group: gate(), other: gate() };
    const append = (manager: EntityManager, id: number, text: string) =>
      manager.query('UPDATE notes SET text = CONCAT(text, ?) WHERE id = ?', [text, id]);
    const commits = new GroupCommit<string, void>(dataSource, {
      write: async (manager, [text]) => {
        await append(manager, 1, text!);
        hold.group.open();
        await hold.other.passed;
        await append(manager, 2, text!);
        return [undefined];
      },
    });
    const other = inTransaction(dataSource, async (manager) => {
      await append(manager, 2, 'o');
      hold.other.open();
      await hold.group.passed;
      await append(manager, 1, 'o');
    });
    await Promise.all([commits.run('g'), other]);
    const texts = await ask(database.appUrl, 'SELECT text FROM notes ORDER BY id');
    expect(texts.map(({ text }) => [...(text as string)].toSorted().join(''))).toEqual(['go', 'go']);
  });

  it('the answer to its COMMIT is run again: what was committed is refused as a duplicate, to its own caller', async () => {
    const proxy = await new FaultProxy(database.appUrl).open();
    onTestFinished(() => proxy.close());
    const { dataSource, cluster } = await process(proxy.url);
    const { commits, batches } = counting(dataSource);
    await Promise.all(units(2, 100).map((one) => commits.run(one)));
    // A connection that is opened later would spring the trap: its session is set to READ COMMITTED.
    await eventually(() => cluster.primaryPool.stats.idle >= 1);
    proxy.breakOnAnswer('COMMIT');
    const outcomes = await Promise.allSettled(units(2).map((one) => commits.run(one)));
    expect(await stored()).toEqual([1, 2, 100, 101]);
    const lost = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toSatisfy(isDuplicateKey);
    expect(batches.length).toBe(5);
  });

  it('its primary is told to every caller, and to those who wait as well, before long', async () => {
    const proxy = await new FaultProxy(database.appUrl).open();
    onTestFinished(() => proxy.close());
    const { dataSource } = await process(proxy.url);
    const { commits } = counting(dataSource, { deadlineMs: 300, mostWaiting: 5, mostUnits: 1 });
    await commits.run(unit(100));
    await proxy.freeze();
    const outcomes = Promise.allSettled(units(8).map((one) => commits.run(one)));
    await expect(commits.run(unit(9))).rejects.toThrow('as many callers wait for one as may');
    // Two are under way, five wait, and one more was not let in.
    const waiting = (await outcomes).slice(2, 7);
    for (const outcome of waiting)
      expect(outcome).toMatchObject({ reason: expect.any(PoolExhaustedError) as unknown });
    for (const outcome of (await outcomes).slice(0, 2))
      expect(outcome).toMatchObject({ reason: expect.any(DatabaseUnavailableError) as unknown });
  });
});

describe('read-your-writes', () => {
  it('holds for each caller: its next read is on a replica that has the commit', async () => {
    const { dataSource, readYourWrites } = await process();
    const { commits } = counting(dataSource);
    const request = async (one: Unit) => {
      const scope = readYourWrites.scopeOf(undefined, undefined);
      return runInScope(scope, async () => {
        await commits.run(one);
        const found = await dataSource.getRepository(Note).findOneBy({ id: String(one.id) });
        return { position: consistencyState().scope!.freshness.position, found: found?.text };
      });
    };
    const answers = await Promise.all(units(8).map(request));
    expect(answers.map(({ found }) => found)).toEqual(units(8).map(({ text }) => text));
    for (const { position } of answers) expect(position).toMatch(/\d+[-:]\d+$/);
    // Those of one transaction have its position in common.
    expect(new Set(answers.map(({ position }) => position)).size).toBe(2);
  });

  it('says nothing to a request that only met others’ units', async () => {
    const { dataSource, readYourWrites } = await process();
    const { commits } = counting(dataSource);
    const scope = readYourWrites.scopeOf(undefined, undefined);
    await Promise.all([commits.run(unit(1)), runInScope(scope, () => dataSource.query('SELECT 1'))]);
    expect(scope.wrote).toBe(false);
  });
});
