import type { EntityManager } from 'typeorm';
import type { MigrationState } from '../moving/migration-state.js';
import type { CallOptions } from '../routing/shard.js';
import type { ShardRegistry } from '../routing/shard.registry.js';
import type { SqlExecutor } from '../sql-executor.js';

/** A signal that a coordinator sends itself at one of its commits. */
export interface Signalled {
  readonly how: 'SIGKILL before' | 'SIGKILL after' | 'SIGSTOP before';
  /** The number of the commit, from 1 on: of all, or of those in one state. */
  readonly which: number;
  readonly in?: MigrationState;
}

const RENEWAL = /^UPDATE ring_task SET lease_expires_at/;

/**
 * Counts the commits of this process on the main cluster and on shards, and strikes it at one: before, with all of the
 * transaction done but its commit, or after the answer. One that is stopped holds no transaction: its successor would wait.
 */
export class CommitSignals {
  /** The state that the migration was in at each commit. */
  readonly states: MigrationState[] = [];
  private state: MigrationState = 'planned';
  private counted = 0;

  constructor(private readonly signalled: Signalled | undefined) {}

  /** Each statement that writes is a commit; renewals of the lease come by the clock, and are not counted. */
  onMain(main: SqlExecutor): SqlExecutor {
    return {
      query: async <T>(sql: string, parameters: unknown[] = []) => {
        const text = sql.trim();
        if (!/^(UPDATE|INSERT)/.test(text) || RENEWAL.test(text)) return main.query<T>(sql, parameters);
        const passes = text.includes('SET state = ?');
        return this.commit(`main: ${text.slice(0, 40)}`, async (before) => {
          await before();
          const answer = await main.query<T>(sql, parameters);
          if (passes) this.state = parameters[0] as MigrationState;
          return answer;
        });
      },
    };
  }

  onShards(registry: ShardRegistry): ShardRegistry {
    const transaction = <T>(
      shard: string,
      work: (manager: EntityManager) => Promise<T>,
      options?: CallOptions,
    ): Promise<T> =>
      this.commit(shard, (before) =>
        registry.transaction(
          shard,
          async (manager) => {
            const done = await work(manager);
            await before();
            return done;
          },
          options,
        ),
      );
    return new Proxy(registry, {
      get: (target, name) => {
        if (name === 'transaction') return transaction;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Goes on after SIGCONT. */
  stopHere(at: string): Promise<void> {
    return strike('SIGSTOP', at);
  }

  private async commit<T>(at: string, work: (before: () => Promise<void>) => Promise<T>): Promise<T> {
    this.states.push(this.state);
    const isIn = this.signalled?.in === undefined || this.signalled.in === this.state;
    if (isIn) this.counted += 1;
    const how = isIn && this.counted === this.signalled?.which ? this.signalled.how : undefined;
    const place = `${this.state}, ${at}`;
    if (how === 'SIGSTOP before') await strike('SIGSTOP', place);
    const done = await work(async () => {
      if (how === 'SIGKILL before') await strike('SIGKILL', place);
    });
    if (how === 'SIGKILL after') await strike('SIGKILL', place);
    return done;
  }
}

/** Once it has been told of. */
function strike(signal: 'SIGKILL' | 'SIGSTOP', at: string): Promise<void> {
  return new Promise((resolve) => {
    process.send!({ told: 'struck', at }, () => {
      process.kill(process.pid, signal);
      resolve();
    });
  });
}
