import { register } from 'prom-client';
import { DependencyProbes } from '@fourfold/kernel';
import { HealthRegistry } from '@fourfold/observability/health-registry';
import { type TestDatabase, topology, withDatabase } from '@fourfold-tools/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { DataSource, type Repository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { usePrimary } from './consistency/consistency.context.js';
import { MAIN_DATABASE } from './errors.js';
import { RoutingPoolCluster } from './cluster/routing-pool.cluster.js';
import { ask, Note, readingServer, routedApp, routedDatabase, serverIds } from './testing/routed-database.js';

const STRAY_WRITE = "INSERT INTO notes (text) VALUES ('stray')";

let database: TestDatabase;
let servers: Awaited<ReturnType<typeof serverIds>>;
let app: INestApplicationContext;
let dataSource: DataSource;
let notes: Repository<Note>;

beforeAll(async () => {
  database = await routedDatabase();
  servers = await serverIds();
  app = await routedApp(database);
  dataSource = app.get(DataSource);
  notes = dataSource.getRepository(Note);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(() => register.resetMetrics());

/** `replica-1 least-outstanding` → connections handed out since the test began. */
async function routes(): Promise<Record<string, number>> {
  const { values } = (await register.getSingleMetric('db_route_total')?.get()) ?? { values: [] };
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels['target']} ${labels['reason']}`, value]),
  );
}

describe('DbRoutingModule', () => {
  it('has its replicas in rotation when the application has started', async () => {
    const states = await Promise.all(app.get(HealthRegistry).entries.map(({ probe }) => probe()));
    const replica = { state: 'healthy', lagMs: expect.any(Number) };
    expect(states).toEqual([{ pool: expect.objectContaining({ size: 32 }) }, replica, replica]);
  });

  it('registers a probe that is answered by a primary, and not by a server that takes no writes', async () => {
    await app.get(DependencyProbes).find(MAIN_DATABASE)!.ask();
    const demoted = await routedApp({ ...database, appUrl: database.readUrls[0]!, readUrls: [] });
    await expect(demoted.get(DependencyProbes).find(MAIN_DATABASE)!.ask()).rejects.toThrow('read-only');
    await demoted.close();
  });

  it('reads from both replicas', async () => {
    const seen = new Set<string>();
    for (let read = 0; read < 40; read += 1) seen.add(await readingServer(dataSource));
    expect([...seen].sort()).toEqual([...servers.replicas].sort());
    const counted = await routes();
    expect(Object.keys(counted).sort()).toEqual([
      'replica-1 least-outstanding',
      'replica-2 least-outstanding',
    ]);
    expect(Object.values(counted).reduce((sum, count) => sum + count)).toBe(40);
  });

  it('reads of a repository go to replicas, its writes to the primary', async () => {
    await notes.find();
    await notes.count();
    expect(Object.keys(await routes()).every((route) => route.endsWith('least-outstanding'))).toBe(true);
    register.resetMetrics();
    await notes.insert({ text: 'written' });
    await notes.update({ text: 'written' }, { text: 'changed' });
    await notes.delete({ text: 'changed' });
    expect(await routes()).toEqual({ 'primary write': 3 });
  });

  it('everything in a transaction, reads too, is on the primary', async () => {
    const server = await dataSource.transaction(async (manager) => {
      const row = await manager
        .createQueryBuilder(Note, 'note')
        .select('@@server_id', 'server')
        .limit(1)
        .getRawOne<{ server: string }>();
      return String(row?.server);
    });
    expect(server).toBe(servers.primary);
    expect(await routes()).toEqual({ 'primary write': 1 });
  });

  it('usePrimary pins the reads of its own call chain, and of no other', async () => {
    const [pinned, free] = await Promise.all([
      usePrimary(() => readingServer(dataSource)),
      readingServer(dataSource),
    ]);
    expect(pinned).toBe(servers.primary);
    expect(servers.replicas).toContain(free);
    expect(await routes()).toMatchObject({ 'primary forced-primary': 1 });
  });

  it.each([
    ['a write', STRAY_WRITE],
    ['a locking read', 'SELECT id FROM notes FOR UPDATE'],
  ])('%s by a connection for reads is refused before it is sent', async (_title, statement) => {
    const runner = dataSource.createQueryRunner('slave');
    await expect(runner.query(statement)).rejects.toMatchObject({ code: 'write-on-read-connection' });
    await runner.release();
  });

  it('a write sent to a replica is refused by the server as well, which is read-only', async () => {
    const [url = ''] = database.readUrls;
    await expect(ask(url, STRAY_WRITE)).rejects.toMatchObject({ code: 'ER_OPTION_PREVENTS_STATEMENT' });
  });

  it('…and would be refused for its account too, on a server that takes writes', async () => {
    const url = withDatabase(topology().primary.readUrl, database.name);
    await expect(ask(url, STRAY_WRITE)).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' });
  });

  it('with readOnly it reads, is ready without the primary, and has the primary refuse what is written', async () => {
    const reader = await routedApp(database, { readOnly: true });
    const source = reader.get(DataSource);
    expect(servers.replicas).toContain(await readingServer(source));
    expect(await usePrimary(() => readingServer(source))).toBe(servers.primary);
    expect(reader.get(HealthRegistry).entries.map(({ name, required }) => [name, required])).toEqual([
      ['database-primary', false],
      ['database-replica-1', false],
      ['database-replica-2', false],
    ]);
    const writes = [
      () => source.query(STRAY_WRITE),
      () => source.getRepository(Note).insert({ text: 'stray' }),
      () => source.transaction((manager) => manager.insert(Note, { text: 'stray' })),
    ];
    for (const write of writes)
      await expect(write()).rejects.toMatchObject({ code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION' });
    await reader.close();
  });

  it('64-bit ids come back as strings, times as UTC', async () => {
    const [row] = await dataSource.query<Record<string, unknown>[]>(
      "SELECT 9007199254740993 AS id, TIMESTAMP('2026-01-02 03:04:05') AS at",
    );
    expect(row).toEqual({ id: '9007199254740993', at: new Date('2026-01-02T03:04:05Z') });
  });

  it('gives every connection back', async () => {
    const reads = () => Array.from({ length: 200 }, () => notes.find());
    // Opens the connections: making so many at once takes a busy machine longer than a read may wait for its own.
    await Promise.allSettled(reads());
    await Promise.all(reads());
    await Promise.allSettled(Array.from({ length: 50 }, () => dataSource.query('SELECT no_such_column')));
    await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        dataSource.transaction(() => Promise.reject(new Error('rolled back'))),
      ),
    );
    const cluster = app.get(RoutingPoolCluster);
    expect(cluster.pools.map((pool) => pool.stats.used)).toEqual([0, 0, 0]);
  });
});
