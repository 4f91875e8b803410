import { register } from 'prom-client';
import { ManualClock } from '@fourfold/kernel';
import { FaultProxy, gate, type TestDatabase, testEngine } from '@fourfold-tools/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { DbRoutingOptions } from '../db-routing.options.js';
import { dialectOf } from '../engine/dialect-of.js';
import { counted } from '../testing/outage.fixture.js';
import { ask, Note, readers, readingServer, routedDatabase, serverIds } from '../testing/routed-database.js';
import { watchedCluster } from '../testing/watched-cluster.js';
import { consistencyState, runInScope, usePrimary, useReplica, withAffinity } from './consistency.context.js';
import type { ConsistencyScope } from './consistency.scope.js';

const WINDOW_MS = 2_000;
const TRACK_NOTHING =
  testEngine === 'mysql'
    ? 'SET SESSION session_track_gtids = OFF'
    : "SET SESSION session_track_system_variables = ''";
const consistency = { tokenSecrets: ['a-secret-of-at-least-32-characters'], windowMs: WINDOW_MS };

type Watched = Awaited<ReturnType<typeof watchedCluster>>;

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
let wallClock: ManualClock;
let watched: Watched;

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
});
afterAll(() => database.drop());
beforeEach(async () => {
  wallClock = new ManualClock(Date.now());
  watched = await watch();
});

/** A process of its own, with as many replicas as there are. */
async function watch(options: Partial<DbRoutingOptions> = {}): Promise<Watched> {
  const { appUrl: primaryUrl, readUrls: replicas } = database;
  const process = await watchedCluster({
    options: { primaryUrl, replicas, consistency, primaryConnections: 8, ...options },
    wallClock,
  });
  onTestFinished(process.close);
  register.resetMetrics();
  return process;
}

/** A request without a token; inside it, `scope` is its own. */
function request<T>(work: (scope: ConsistencyScope) => Promise<T>, process = watched): Promise<T> {
  const scope = process.readYourWrites.scopeOf(undefined, undefined);
  return runInScope(scope, () => work(scope));
}

const write = ({ dataSource } = watched, text = 'written') => dataSource.getRepository(Note).insert({ text });
const positionNow = () => consistencyState().scope?.freshness.position ?? 'no scope';

describe('a write that committed but whose GTID is missing', () => {
  /** Reads go to the primary until the window is over, here and with the token in another process. */
  async function expectWindow(scope: ConsistencyScope, process = watched): Promise<void> {
    expect(scope).toMatchObject({ wrote: true, freshness: { position: '' } });
    const other = await watch();
    const elsewhere = <T>(work: () => Promise<T>) =>
      other.readYourWrites.runFresh(process.readYourWrites.tokenOf(scope), work);
    wallClock.advance(WINDOW_MS - 1);
    expect(await readers(process.dataSource)).toEqual([servers.primary]);
    expect(await elsewhere(() => readers(other.dataSource))).toEqual([servers.primary]);
    expect(await counted('db_route_total')).toEqual({ 'primary sticky-window': 40 });
    wallClock.advance(1);
    expect(servers.replicas).toEqual(expect.arrayContaining(await readers(process.dataSource)));
    expect(servers.replicas).toEqual(
      expect.arrayContaining(await elsewhere(() => readers(other.dataSource))),
    );
  }

  // MySQL has no such statement; nothing is skipped, since what is skipped counts as failed.
  if (testEngine === 'mariadb')
    it('INSERT … RETURNING in autocommit, which answers with rows', () =>
      request(async (scope) => {
        await watched.dataSource.query("INSERT INTO notes (text) VALUES ('returning') RETURNING id");
        await expectWindow(scope);
      }));

  it('a statement on a connection whose session tracking is off', () =>
    request(async (scope) => {
      const runner = watched.dataSource.createQueryRunner('master');
      await runner.query(TRACK_NOTHING);
      await runner.query("INSERT INTO notes (text) VALUES ('untracked')");
      await runner.release();
      await expectWindow(scope);
    }));

  it('a transaction on such a connection', () =>
    request(async (scope) => {
      const runner = watched.dataSource.createQueryRunner('master');
      await runner.query(TRACK_NOTHING);
      await runner.startTransaction();
      await runner.manager.insert(Note, { text: 'untracked' });
      expect(scope.wrote).toBe(false);
      await runner.commitTransaction();
      await runner.release();
      await expectWindow(scope);
    }));

  it('a COMMIT whose answer is lost', async () => {
    const proxy = await new FaultProxy(database.appUrl).open();
    onTestFinished(() => proxy.close());
    const process = await watch({ primaryUrl: proxy.url });
    await request(async (scope) => {
      const lost = process.dataSource.transaction(async (manager) => {
        await manager.insert(Note, { text: 'answer lost' });
        proxy.breakOnAnswer('COMMIT');
      });
      await expect(lost).rejects.toMatchObject({ code: 'ECONNRESET' });
      const [row] = await ask(database.appUrl, "SELECT COUNT(*) AS n FROM notes WHERE text = 'answer lost'");
      expect(Number(row?.['n'])).toBe(1);
      await expectWindow(scope, process);
    }, process);
  });

  it('…but not a transaction that was rolled back, a read, or an UPDATE that finds everything as it should be', () =>
    request(async (scope) => {
      const failed = watched.dataSource.transaction(async (manager) => {
        await manager.insert(Note, { text: 'rolled back' });
        throw new Error('rolled back');
      });
      await expect(failed).rejects.toThrow('rolled back');
      await watched.dataSource.query("SELECT 1 FROM notes WHERE text = 'first' FOR UPDATE");
      await watched.dataSource.query("UPDATE notes SET text = 'first' WHERE text = 'first'");
      expect(scope).toMatchObject({ wrote: false, isPrimaryOnly: false, transactions: 0 });
    }));
});

describe('a read inside a transaction’s call chain, by another repository', () => {
  it('goes to the primary, for it must not be older than the transaction', () =>
    request(async (scope) => {
      const { dataSource } = watched;
      const inside = await dataSource.transaction(async (manager) => {
        await manager.query('SELECT 1');
        return readingServer(dataSource);
      });
      expect(inside).toBe(servers.primary);
      expect(await counted('db_route_total')).toEqual({ 'primary write': 1, 'primary in-transaction': 1 });
      expect(scope.transactions).toBe(0);
      expect(servers.replicas).toContain(await readingServer(dataSource));
    }));

  it('also of one that fails, until it has failed', () =>
    request(async (scope) => {
      const { dataSource } = watched;
      const failing = dataSource.transaction(async () => {
        expect(await readingServer(dataSource)).toBe(servers.primary);
        await dataSource.query('SELECT no_such_column');
      });
      await expect(failing).rejects.toThrow();
      expect(scope.transactions).toBe(0);
      expect(servers.replicas).toContain(await readingServer(dataSource));
    }));

  it('without a scope it is routed like any other', async () => {
    const { dataSource } = watched;
    const inside = await dataSource.transaction(() => readingServer(dataSource));
    expect(servers.replicas).toContain(inside);
  });
});

describe('usePrimary, useReplica and withAffinity inside a request', () => {
  it('decide by the innermost one, and what is written inside is the request’s', () =>
    request(async (scope) => {
      const { dataSource } = watched;
      expect(await withAffinity('customer:1', () => readers(dataSource))).toHaveLength(1);
      await usePrimary(() => withAffinity('customer:1', () => write()));
      const { position } = scope.freshness;
      expect(position).toMatch(/\d+[-:]\d+$/);
      expect(await usePrimary(() => useReplica(() => readers(dataSource)))).not.toContain(servers.primary);
      expect(await useReplica(() => usePrimary(() => readers(dataSource)))).toEqual([servers.primary]);
      expect(scope.freshness.position).toBe(position);
    }));
});

describe('context leak between jobs', () => {
  /** Job A writes in a transaction that stays open, with its reads forced to the primary, until it is let go. */
  function jobs() {
    const [wrote, mayEnd] = [gate(), gate()];
    const a = () =>
      usePrimary(async () => {
        await write();
        await watched.dataSource.transaction(async (manager) => {
          await manager.insert(Note, { text: 'by A' });
          wrote.open();
          await mayEnd.passed;
        });
      });
    const b = async () => ({
      position: positionNow(),
      server: await readingServer(watched.dataSource),
      forced: consistencyState().forced,
    });
    return { a, b, wrote, mayEnd };
  }

  it('naive twin: two jobs in the scope that their worker runs in: B waits for A’s writes, and reads on the primary', () =>
    request(async () => {
      const { a, b, wrote, mayEnd } = jobs();
      const running = a();
      await wrote.passed;
      const during = await b();
      expect(during.position).toMatch(/\d+[-:]\d+$/);
      expect(during.server).toBe(servers.primary);
      mayEnd.open();
      await running;
      expect((await b()).position).not.toBe(during.position);
    }));

  it('B, which runs while A writes and after it, inherits nothing of A', () =>
    request(async (outer) => {
      const { readYourWrites } = watched;
      const { a, b, wrote, mayEnd } = jobs();
      const running = readYourWrites.isolate(a);
      await wrote.passed;
      const during = await readYourWrites.isolate(b);
      mayEnd.open();
      await running;
      const after = await readYourWrites.isolate(b);
      for (const seen of [during, after]) {
        expect(seen).toMatchObject({ position: '', forced: undefined });
        expect(servers.replicas).toContain(seen.server);
      }
      expect(outer.wrote).toBe(false);
    }));

  it('B, which is begun from inside A, inherits nothing of A either, and gives nothing back', () =>
    request(async () => {
      const { readYourWrites } = watched;
      await readYourWrites.isolate(async () => {
        await write();
        const before = positionNow();
        const seen = await usePrimary(() => readYourWrites.isolate(jobs().b));
        await readYourWrites.isolate(() => write());
        expect(seen).toMatchObject({ position: '', forced: undefined });
        expect(positionNow()).toBe(before);
      });
    }));
});

describe('a request that is repeated in a process that has written nothing', () => {
  it('gets a token that stands for the write of the first one', async () => {
    const other = await watch();
    const written = await request(async (scope) => {
      await write();
      return scope.freshness.position;
    });
    const token = await request(async (scope) => {
      expect(other.readYourWrites.tokenOf(scope)).toBeDefined();
      await other.readYourWrites.coverEarlierWrites();
      return other.readYourWrites.tokenOf(scope);
    }, other);
    const { position } = watched.readYourWrites.scopeOf(token, undefined).freshness;
    expect(written).not.toBe('');
    expect(dialectOf(testEngine).covers(position, written)).toBe(true);
  });
});
