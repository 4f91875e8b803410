import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ShardRouter } from '../access/shard.router.js';
import type { Engine } from '@fourfold/db-routing';
import { MigrationRunner } from '../moving/migration.runner.js';
import { isOver } from '../moving/migration-state.js';
import { TaskStore } from '../moving/task.store.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { SharedTopology } from '../topology/shared-topology.js';
import { TopologyStore } from '../topology/topology.store.js';
import { CommitSignals, type Signalled } from './commit-signals.js';
import { movedEntities } from './moved-entities.js';

export interface MovingProcessOptions {
  readonly databaseUrl: string;
  readonly shards: Readonly<Record<string, string>>;
  readonly engine: Engine;
  /** Of a coordinator. None: it gets none. */
  readonly signal?: Signalled;
}

/** What such a process is told: to coordinate the migration that there is, or to write one member. */
export type MovingOrder =
  | { readonly order: 'coordinate' }
  | {
      readonly order: 'write';
      readonly key: string;
      readonly name: string;
      /** `unfenced`: as writes were before there were fences. `stopped`: it stops itself before the commit. */
      readonly how: 'fenced' | 'unfenced' | 'stopped';
    };

/**
 * `struck`: the signal comes now, at this commit. `ended`: it has no migration any more; `commits` has the state of each.
 * `written`, `failed`: what became of a write.
 */
export type MovingReport =
  | { readonly told: 'ready' | 'written' }
  | { readonly told: 'struck'; readonly at: string }
  | { readonly told: 'ended'; readonly commits: readonly string[] }
  | { readonly told: 'failed'; readonly error: string };

const DEADLINE_MS = 60_000;

/** A worker and a router in one, without a poll: it learns of a topology only by what fences refuse. Ends by a signal. */
export async function run(text: string): Promise<void> {
  const { databaseUrl, shards, engine, signal } = JSON.parse(text) as MovingProcessOptions;
  Logger.overrideLogger(false);
  const data = await new DataSource({ type: 'mysql', url: databaseUrl, timezone: 'Z' }).initialize();
  const signals = new CommitSignals(signal);
  const main = signals.onMain(data);
  const store = new TopologyStore(main);
  const own = await CurrentTopology.load(store);
  const registry = new ShardRegistry(shards, { engine, entities: movedEntities });
  const router = new ShardRouter(own, registry, undefined, () =>
    store.current().then(
      (current) => void own.adopt(current),
      () => {},
    ),
  );
  const tell = (report: MovingReport) => process.send!(report);

  const coordinate = async () => {
    const tasks = new TaskStore(main, 1);
    const parts = {
      tasks,
      registry: signals.onShards(registry),
      store,
      shared: new SharedTopology(store, own),
    };
    const runner = new MigrationRunner(parts, { announceMs: 0, reverseMs: 0, retryMs: 20, freezeMs: 1_000 });
    const { id } = (await tasks.active())!;
    await runner.runOnce();
    if (isOver((await tasks.get(id)).state)) tell({ told: 'ended', commits: signals.states });
    else tell({ told: 'ended', commits: [] });
  };
  const write = async ({ key, name, how }: Extract<MovingOrder, { order: 'write' }>) => {
    const work = (manager: { query(sql: string, parameters: unknown[]): Promise<unknown> }) =>
      manager.query('UPDATE member SET name = ? WHERE id = ?', [name, key]);
    if (how === 'unfenced') await registry.transaction(own.ring.locate(key).shard, work);
    else
      await router.write(
        key,
        async (manager) => {
          await work(manager);
          if (how === 'stopped') await signals.stopHere('before the commit of a write');
        },
        { deadlineMs: DEADLINE_MS },
      );
    tell({ told: 'written' });
  };
  process.on('message', (given: MovingOrder) => {
    const done = given.order === 'coordinate' ? coordinate() : write(given);
    done.catch((error: unknown) => tell({ told: 'failed', error: String(error) }));
  });
  tell({ told: 'ready' });
}
