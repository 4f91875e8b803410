import type { SqlExecutor } from '../sql/sql-executor.js';
import { CurrentTopology } from './current-topology.js';
import { TopologyCopy, type TopologyRedisOptions } from './topology.copy.js';
import { TopologyFollower, type TopologyFollowerOptions } from './topology.follower.js';
import { TopologyPublisher } from './topology.publisher.js';
import { TopologySource } from './topology.source.js';
import { TopologyStore } from './topology.store.js';

/** What a process has to do with topology, with connections to Redis of its own. */
export class FollowingProcess {
  private constructor(
    readonly own: CurrentTopology,
    readonly publisher: TopologyPublisher,
    readonly follower: TopologyFollower,
    /** How often it has asked the database for a document. */
    readonly reads: { documents: number },
  ) {}

  static async start(
    main: SqlExecutor,
    redis?: TopologyRedisOptions,
    options?: TopologyFollowerOptions,
    Source = TopologySource,
  ): Promise<FollowingProcess> {
    const reads = { documents: 0 };
    const store = new TopologyStore({
      query: async <T>(sql: string, parameters?: unknown[]) => {
        if (sql.startsWith('SELECT epoch, document')) reads.documents += 1;
        return main.query<T>(sql, parameters);
      },
    });
    const own = await CurrentTopology.load(store);
    const copy = redis && new TopologyCopy(redis);
    const source = new Source(store, copy);
    const follower = new TopologyFollower(own, source, copy, options);
    follower.onApplicationBootstrap();
    const publisher = new TopologyPublisher(store, source, own);
    return new FollowingProcess(own, publisher, follower, reads);
  }

  async stop(): Promise<void> {
    await this.follower.onApplicationShutdown();
  }
}
