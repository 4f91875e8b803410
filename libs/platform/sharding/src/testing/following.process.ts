import type { SqlExecutor } from '../sql-executor.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { TopologyCopy, type TopologyRedisOptions } from '../topology/topology.copy.js';
import { TopologyFollower, type TopologyFollowerOptions } from '../topology/topology.follower.js';
import { SharedTopology } from '../topology/shared-topology.js';
import { TopologyStore } from '../topology/topology.store.js';

/** What a process has to do with topology, with connections to Redis of its own. */
export class FollowingProcess {
  private constructor(
    readonly own: CurrentTopology,
    readonly shared: SharedTopology,
    readonly follower: TopologyFollower,
    /** How often it has asked the database for a document. */
    readonly reads: { documents: number },
  ) {}

  static async start(
    main: SqlExecutor,
    redis?: TopologyRedisOptions,
    options?: TopologyFollowerOptions,
    Shared = SharedTopology,
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
    const shared = new Shared(store, own, copy);
    const follower = new TopologyFollower(own, shared, copy, options);
    follower.onApplicationBootstrap();
    return new FollowingProcess(own, shared, follower, reads);
  }

  async stop(): Promise<void> {
    await this.follower.onApplicationShutdown();
  }
}
