import { evenTopology, HashRing } from '@fourfold/sharding';
import {
  createDatabase,
  describeTopology,
  FaultProxy,
  type OwnStack,
  sequence,
  startOwnStack,
  type TestDatabase,
} from '@fourfold-tools/testing';
import { DataSource } from 'typeorm';
import type { OutageCalls } from './outage.load.js';

export const SHARDS = ['shard-0', 'shard-1', 'shard-2', 'shard-3'] as const;
export const VICTIM = 'shard-1';
const ROWS = 2_000;

/** One call for a key of a shard, in whatever way shards are reached. */
export type Call = (key: string) => Promise<unknown>;

/** Four shards of the test's own; the victim is behind an address that can be cut off. */
export class ShardOutage {
  readonly ring = new HashRing(evenTopology(SHARDS));
  private readonly keys = new Map(SHARDS.map((shard) => [shard as string, this.keyOn(shard)]));

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
      await root.query(`INSERT INTO account SELECT seq, 0 FROM ${sequence(ROWS)}`);
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
    return this.keys.get(shard)!;
  }

  /** SIGKILL of the victim's server. */
  kill(): Promise<void> {
    return this.own.stack.kill(VICTIM);
  }

  async restart(): Promise<void> {
    await this.own.stack.start(VICTIM);
  }

  /** Calls for all shards, by one key of each. */
  calls(call: Call): OutageCalls {
    const well = SHARDS.filter((shard) => shard !== VICTIM).map((shard) => this.keyOf(shard));
    let turn = 0;
    return {
      other: () => call(well[(turn += 1) % well.length]!),
      victim: () => call(this.keyOf(VICTIM)),
      everyMs: { other: 3, victim: 10 },
    };
  }

  private keyOn(shard: string): string {
    for (let id = 1; ; id += 1) if (this.ring.locate(String(id)).shard === shard) return String(id);
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.own.remove();
  }
}
