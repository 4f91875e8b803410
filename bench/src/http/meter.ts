import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { CpuSeconds } from './deployment.js';

/** Counters of the servers' own. */
export interface Counters {
  cpu: CpuSeconds;
  /** Statements by kind, and `Questions` and `Binlog_commits`. */
  primary: Record<string, number>;
  /** Requests that Redis has read from its clients: commands that were sent together are one. */
  redisReads: number;
}

export interface MeterSources {
  primaryUrl: string;
  redisUrls: readonly string[];
  cpuSeconds: () => CpuSeconds;
}

/** What an order or a request has used. */
export interface Used {
  cpuMs: CpuSeconds;
  statements: number;
  commits: number;
  redisRoundTrips: number;
  /** Statements by kind. */
  kinds: Record<string, number>;
}

const NOT_A_STATEMENT = /^Com_(stmt_|admin_commands|binlog|show_|change_db|set_option)/;

/** Adds up what the servers count themselves, over any number of stretches of time. */
export class Meter {
  private readonly sums: Counters = { cpu: {}, primary: {}, redisReads: 0 };

  constructor(private readonly sources: MeterSources) {}

  /** What it asks of the servers itself is not counted. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.read();
    const result = await work();
    const after = await this.read();
    add(this.sums.cpu, after.cpu, before.cpu);
    add(this.sums.primary, after.primary, before.primary);
    this.sums.redisReads += after.redisReads - before.redisReads;
    return result;
  }

  /** @param units how many there were of what is measured, in all stretches together */
  per(units: number): Used {
    const { cpu, primary, redisReads } = this.sums;
    const kinds = Object.entries(primary)
      .filter(
        ([name, count]) => name.startsWith('Com_') && !NOT_A_STATEMENT.test(name) && count / units >= 0.005,
      )
      .map(([name, count]) => [name.slice('Com_'.length), count / units] as const)
      .sort(([, a], [, b]) => b - a);
    return {
      cpuMs: Object.fromEntries(
        Object.entries(cpu).map(([name, seconds]) => [name, (seconds * 1_000) / units]),
      ),
      statements: (primary['Questions'] ?? 0) / units,
      commits: (primary['Binlog_commits'] ?? 0) / units,
      redisRoundTrips: redisReads / units,
      kinds: Object.fromEntries(kinds),
    };
  }

  private async read(): Promise<Counters> {
    const [primary, ...redisReads] = await Promise.all([
      primaryCounters(this.sources.primaryUrl),
      ...this.sources.redisUrls.map(redisReadsOf),
    ]);
    return {
      cpu: this.sources.cpuSeconds(),
      primary,
      redisReads: redisReads.reduce((sum, one) => sum + one, 0),
    };
  }
}

function add(
  sums: Record<string, number>,
  after: Record<string, number>,
  before: Record<string, number>,
): void {
  for (const [name, value] of Object.entries(after))
    sums[name] = (sums[name] ?? 0) + value - (before[name] ?? 0);
}

async function primaryCounters(url: string): Promise<Record<string, number>> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Com\\_%' OR Variable_name IN ('Questions', 'Binlog_commits')",
    );
    const counters = Object.fromEntries(
      rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]),
    );
    return counters;
  } finally {
    await connection.end();
  }
}

async function redisReadsOf(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    return Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1] ?? Number.NaN);
  } finally {
    redis.disconnect();
  }
}
