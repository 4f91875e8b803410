import { evenTopology, HashRing } from '@fourfold/sharding';
import {
  createDatabase,
  describeTopology,
  FaultProxy,
  OpenLoop,
  type OwnStack,
  percentile,
  type Sample,
  startOwnStack,
  type TestDatabase,
} from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';

export const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;
/** How many times slower calls for other shards may be while one is down. */
export const SLOWDOWN = 1.5;
export const VICTIM = 'shard-1';
const ROWS = 2_000;
/** About 200 calls: what else goes on here spoils one or two of many, and not their median. */
const WINDOW_MS = 500;

/** One call for a key of a shard, in whatever way shards are reached. */
export type Call = (key: string) => Promise<unknown>;

/** The figures of one outage under load, compared with those just before it, of the same run. */
export interface OutageFigures {
  /** p99 of calls for other shards, window by window. */
  before: number[];
  during: number[];
  /** Calls for the shard that is down, begun once `isDown` said so. */
  affected: readonly Sample[];
}

/** Four shards of the test's own; the victim is behind an address that can be cut off. */
export class ShardOutage {
  readonly ring = new HashRing(evenTopology(SHARDS));
  readonly #keys = new Map(SHARDS.map((shard) => [shard as string, this.#keyOn(shard)]));

  private constructor(
    private readonly own: OwnStack,
    private readonly databases: ReadonlyMap<string, TestDatabase>,
    readonly proxy: FaultProxy,
  ) {}

  static async start(): Promise<ShardOutage> {
    const own = await startOwnStack(({ kind }) => kind === 'shard');
    const { primary, shards } = describeTopology(own.options);
    const databases = new Map<string, TestDatabase>();
    for (const shard of SHARDS) {
      const database = await createDatabase({ primary, replicas: [], shards }, { node: shard });
      databases.set(shard, database);
      const root = await new DataSource({ type: 'mysql', url: database.rootUrl }).initialize();
      await root.query('CREATE TABLE account (id BIGINT UNSIGNED PRIMARY KEY, balance INT NOT NULL)');
      await root.query(`INSERT INTO account SELECT seq, 0 FROM seq_1_to_${ROWS}`);
      await root.destroy();
    }
    const proxy = await new FaultProxy(databases.get(VICTIM)!.appUrl).open();
    return new ShardOutage(own, databases, proxy);
  }

  get urls(): Record<string, string> {
    const urls = Array.from(this.databases, ([shard, { appUrl }]) => [shard, appUrl] as const);
    return { ...Object.fromEntries(urls), [VICTIM]: this.proxy.url };
  }

  keyOf(shard: string): string {
    return this.#keys.get(shard)!;
  }

  /** SIGKILL of the victim's server. */
  kill(): Promise<void> {
    return this.own.stack.kill(VICTIM);
  }

  async restart(): Promise<void> {
    await this.own.stack.start(VICTIM);
  }

  /**
   * Puts load on all shards and, a few times over, takes the victim away and gives it back, so that what else goes on
   * on this machine falls on both sides alike. More rounds follow, up to `mostRounds`, while others seem too slow.
   * @param fault ends when the victim is gone, and `mend` when it has answered again
   */
  async underLoad(
    call: Call,
    outage: { fault(): Promise<void>; isDown(): Promise<unknown>; mend(): Promise<void> },
    { rounds = 4, mostRounds = 12, sideMs = 2_500 } = {},
  ): Promise<OutageFigures> {
    let turn = 0;
    const wellShards = SHARDS.filter((shard) => shard !== VICTIM);
    const others = new OpenLoop(() => call(this.keyOf(wellShards[(turn += 1) % wellShards.length]!)), {
      each: 2,
      everyMs: 5,
    }).start();
    const victims = new OpenLoop(() => call(this.keyOf(VICTIM)), { each: 1, everyMs: 10 }).start();
    await others.run(sideMs);
    const sides: { beganMs: number; brokeMs: number; downMs: number; endedMs: number }[] = [];
    const p99s = (fromMs: number, toMs: number) =>
      Array.from({ length: Math.floor((toMs - fromMs) / WINDOW_MS) }, (_, n) => fromMs + n * WINDOW_MS).map(
        (beganMs) => percentile(others.between(beganMs, beganMs + WINDOW_MS), 0.99),
      );
    const figures = (): OutageFigures => ({
      before: sides.flatMap(({ beganMs, brokeMs }) => p99s(beganMs, brokeMs)),
      during: sides.flatMap(({ brokeMs, endedMs }) => p99s(brokeMs, endedMs)),
      affected: sides.flatMap(({ downMs, endedMs }) => victims.between(downMs, endedMs)),
    });
    // What the outage costs is there however often it is measured; what a busy machine adds is not.
    const unsure = () => sides.length < mostRounds && slowdown(figures()) > SLOWDOWN;
    while (sides.length < rounds || unsure()) {
      const beganMs = performance.now();
      await others.run(sideMs);
      const brokeMs = performance.now();
      await outage.fault();
      await outage.isDown();
      const downMs = performance.now();
      await others.run(Math.max(sideMs / 2, brokeMs + sideMs - downMs));
      const endedMs = performance.now();
      await outage.mend();
      sides.push({ beganMs, brokeMs, downMs, endedMs });
    }
    await Promise.all([others.stop(), victims.stop()]);
    return figures();
  }

  #keyOn(shard: string): string {
    for (let id = 1; ; id += 1) if (this.ring.locate(String(id)).shard === shard) return String(id);
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.own.remove();
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** How many times slower calls for other shards are while one is down, by the median of the windows' p99. */
export function slowdown({ before, during }: OutageFigures): number {
  return median(during) / median(before);
}
