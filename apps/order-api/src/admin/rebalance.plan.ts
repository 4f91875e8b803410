import { CACHE_MANAGER, type CacheManager, defineNamespace } from '@fourfold/cache';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type PlanReport, ShardPlanner } from '@fourfold/sharding';

const DAY_MS = 24 * 60 * 60_000;
const ID = 'rebalance';

/** Where the last plan is kept: in Redis, so that every process shows it. It can be made again at any time. */
export const planCache = defineNamespace<RebalancePlanView>('shard-plan', { ttlMs: DAY_MS });

export interface RebalancePlanView extends Omit<PlanReport, 'shards'> {
  plannedAt: string;
  /** Of the topology that it starts from: with another epoch it is out of date. */
  fromEpoch: number;
}

/** Has a plan made that would even the shards out, without a caller who waits, and keeps what it comes to. */
@Injectable()
export class RebalancePlan {
  private readonly logger = new Logger(RebalancePlan.name);
  private planning: Promise<void> | undefined;

  constructor(
    private readonly planner: ShardPlanner,
    @Inject(CACHE_MANAGER) private readonly plans: CacheManager,
  ) {}

  /** Counts the rows of all slots, which takes seconds to minutes. One at a time in a process; a failure is logged. */
  start(): 'started' | 'running' {
    if (this.planning) return 'running';
    this.planning = this.make()
      .catch((error: unknown) =>
        this.logger.warn({ err: error }, 'No plan to rebalance the shards can be made'),
      )
      .finally(() => (this.planning = undefined));
    return 'started';
  }

  /** The last one of the last day, of any process; null without one, and while Redis does not answer. */
  async last(): Promise<RebalancePlanView | null> {
    return (await this.plans.get<RebalancePlanView>(ID)) ?? null;
  }

  private async make(): Promise<void> {
    const { report, topology } = await this.planner.plan({ kind: 'rebalance' });
    const { shards: _shards, ...outcome } = report;
    const plan = { plannedAt: new Date().toISOString(), fromEpoch: topology.epoch - 1, ...outcome };
    await this.plans.set(ID, plan);
    this.logger.log(
      plan,
      'A plan to rebalance the shards is made; POST /v1/admin/shards/plan shows its moves',
    );
  }
}
