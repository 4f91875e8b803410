import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { eventually } from './eventually.js';
import { OpenLoop, percentile, type Sample } from './open-loop.js';
import type { RedisServerFixture } from './redis-server.fixture.js';

/** One process's worth of a cache under test. */
export interface OutageSide {
  getOrLoad(id: string, loader: () => Promise<number>): Promise<number | null>;
  invalidate(id: string): Promise<unknown>;
  /** Keys answered without a load and keys asked for, so far. */
  hits(): { hits: number; asked: number };
  /** Both levels are in use, and nothing is owed. */
  inUse(): boolean;
  /** Invalidations heard of others, so far. */
  heard(): number;
}

export interface OutageOptions {
  server: RedisServerFixture;
  /** Two, on `server`. The first also writes. */
  sides: readonly [OutageSide, OutageSide];
  /** A database of its own, on a real server. */
  databaseUrl: string;
  phaseMs: number;
}

export interface OutageReport {
  readonly reads: number;
  readonly failed: readonly Sample[];
  /**
   * Answers older than what the reader's own process had invalidated, or, once all is back, than what any process had.
   */
  readonly stale: readonly string[];
  /** 99th percentile, ms. `away`: from the moment that both sides knew. */
  readonly p99: { readonly before: number; readonly away: number; readonly back: number };
  /** Loads that ran at once on one side while Redis was away. */
  readonly mostLoads: number;
  readonly hitRatio: { readonly before: number; readonly back: number };
}

const KEYS = 400;
const READS = { each: 5, everyMs: 5 };
const WRITES = { each: 1, everyMs: 40 };

/**
 * 1,000 reads a second through two caches over one table, and 25 writes, while their Redis is killed and comes back
 * empty. Real servers; the versions in the table are the oracle.
 */
export async function redisOutage({
  server,
  sides,
  databaseUrl,
  phaseMs,
}: OutageOptions): Promise<OutageReport> {
  const pool = createPool({ uri: databaseUrl, connectionLimit: 64 });
  const table = new VersionTable(pool);
  await table.create();
  const readers = sides.map((side) => new Reader(side, table));
  const [writer, other] = readers as [Reader, Reader];
  let turn = 0;
  const reads = new OpenLoop(() => readers[(turn += 1) % 2]!.read(), READS).start();
  const writes = new OpenLoop(() => writer.write(), WRITES).start();
  try {
    await reads.run(phaseMs);
    const warmMs = performance.now();
    const before = readers.map(({ side }) => side.hits());
    await reads.run(phaseMs);
    const ratioBefore = ratioSince(before, readers);
    const killedMs = performance.now();
    await server.kill();
    await eventually(() => sides.every((side) => !side.inUse()), { everyMs: 1 });
    const awayMs = performance.now();
    for (const reader of readers) reader.mostLoads = 0;
    await reads.run(phaseMs);
    const startedMs = performance.now();
    const mostLoads = Math.max(...readers.map((reader) => reader.mostLoads));
    await server.start();
    await eventually(() => sides.every((side) => side.inUse()));
    // What one connection publishes is heard in its order: this one after all that was owed.
    const heard = other.side.heard();
    await writer.write();
    await eventually(() => other.side.heard() > heard);
    other.floor = new Map(writer.floor);
    await reads.run(phaseMs);
    const back = readers.map(({ side }) => side.hits());
    const backMs = performance.now();
    await reads.run(phaseMs);
    const ratioBack = ratioSince(back, readers);
    await Promise.all([reads.stop(), writes.stop()]);
    const p99 = (fromMs: number, toMs?: number): number => percentile(reads.between(fromMs, toMs), 0.99);
    return {
      reads: reads.between(0).length,
      failed: [...reads.failed, ...writes.failed],
      stale: readers.flatMap(({ stale }) => stale),
      p99: { before: p99(warmMs, killedMs), away: p99(awayMs, startedMs), back: p99(backMs) },
      mostLoads,
      hitRatio: { before: ratioBefore, back: ratioBack },
    };
  } finally {
    await Promise.all([reads.stop(), writes.stop()]);
    await pool.end();
  }
}

class VersionTable {
  constructor(private readonly pool: Pool) {}

  async create(): Promise<void> {
    await this.pool.query('CREATE TABLE cached (id INT PRIMARY KEY, version INT NOT NULL)');
    const rows = Array.from({ length: KEYS }, (_, id) => [id, 1]);
    await this.pool.query('INSERT INTO cached (id, version) VALUES ?', [rows]);
  }

  async read(id: string): Promise<number> {
    const [rows] = await this.pool.query<RowDataPacket[]>('SELECT version FROM cached WHERE id = ?', [id]);
    return Number(rows[0]!['version']);
  }

  async raise(id: string): Promise<void> {
    await this.pool.query('UPDATE cached SET version = version + 1 WHERE id = ?', [id]);
  }
}

class Reader {
  readonly stale: string[] = [];
  /** By id, the least that a read begun now may answer. */
  floor = new Map<string, number>();
  mostLoads = 0;
  private loads = 0;

  constructor(
    readonly side: OutageSide,
    private readonly table: VersionTable,
  ) {}

  async read(): Promise<void> {
    const id = anyId();
    const least = this.floor.get(id) ?? 1;
    const version = await this.side.getOrLoad(id, () => this.load(id));
    if (version === null || version < least) this.stale.push(`${id}: version ${version}, after ${least}`);
  }

  async write(): Promise<void> {
    const id = anyId();
    await this.table.raise(id);
    const written = await this.table.read(id);
    await this.side.invalidate(id);
    this.floor.set(id, Math.max(written, this.floor.get(id) ?? 1));
  }

  private async load(id: string): Promise<number> {
    this.loads += 1;
    this.mostLoads = Math.max(this.mostLoads, this.loads);
    try {
      return await this.table.read(id);
    } finally {
      this.loads -= 1;
    }
  }
}

function anyId(): string {
  return String(Math.floor(Math.random() * KEYS));
}

function ratioSince(before: readonly { hits: number; asked: number }[], readers: readonly Reader[]): number {
  let [hits, asked] = [0, 0];
  for (const [i, { side }] of readers.entries()) {
    const now = side.hits();
    hits += now.hits - before[i]!.hits;
    asked += now.asked - before[i]!.asked;
  }
  return hits / asked;
}
