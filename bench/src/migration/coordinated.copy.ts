import { CurrentTopology, ShardMigrations, SharedTopology, TopologyStore } from '@fourfold/sharding';
import { MigrationRunner, ShardRegistry, TaskStore } from '@fourfold/sharding/operating';
import { shardEntities } from '@shop/composition';
import type { DataSource } from 'typeorm';
import { type MovingServers, TARGET } from './moving.servers.js';

type Passed = Parameters<TaskStore['pass']>;

/** Takes the times of a migration's states, and has it taken back once its rows are copied. */
class TimedTasks extends TaskStore {
  readonly enteredMs = new Map<string, number>();

  override async pass(...[task, state, progress]: Passed): Promise<void> {
    this.enteredMs.set(state, performance.now());
    if (state === 'verify') await this.want(task.id, 'abort');
    await super.pass(task, state, progress);
  }
}

/** Copies the target's share of slots as a worker does, and deletes it again. */
export class CoordinatedCopy {
  private constructor(
    private readonly main: DataSource,
    private readonly store: TopologyStore,
    readonly registry: ShardRegistry,
  ) {}

  static async open(main: DataSource, { urls }: MovingServers): Promise<CoordinatedCopy> {
    return new CoordinatedCopy(
      main,
      new TopologyStore(main),
      new ShardRegistry(urls, { entities: shardEntities }),
    );
  }

  /** The slots that the target will have. */
  async spans(): Promise<{ from: number; to: number }[]> {
    const { task } = await this.migrations(new TaskStore(this.main)).plan({ kind: 'add', shard: TARGET });
    return task.plan.batches;
  }

  /** @returns how many rows it copied, and for how long it was in state `copy` */
  async run(): Promise<{ rows: number; ms: number }> {
    const tasks = new TimedTasks(this.main);
    const { id } = await this.migrations(tasks).begin({ kind: 'add', shard: TARGET });
    const shared = new SharedTopology(this.store, await CurrentTopology.load(this.store));
    const { registry, store } = this;
    await new MigrationRunner({ tasks, registry, store, shared }, { announceMs: 0, reverseMs: 0 }).runOnce();
    const { state, rowsCopied, error } = await tasks.get(id);
    if (state !== 'aborted') throw new Error(`The migration is ${state}, not taken back: ${error}`);
    return { rows: rowsCopied, ms: tasks.enteredMs.get('catch-up')! - tasks.enteredMs.get('copy')! };
  }

  close(): Promise<void> {
    return this.registry.onApplicationShutdown();
  }

  private migrations(tasks: TaskStore): ShardMigrations {
    return new ShardMigrations(tasks, this.store, this.registry);
  }
}
