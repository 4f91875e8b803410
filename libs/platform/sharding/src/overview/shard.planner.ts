import { Injectable } from '@nestjs/common';
import type { PlanRequest } from '../ring/planning/ring-change.js';
import type { RingPlan } from '../ring/planning/ring-plan.js';
import { ShardRegistry } from '../routing/shard.registry.js';
import { CurrentTopology } from '../topology/current-topology.js';
import { countRowsBySlot } from './rows-by-slot.js';

/** Shows what a change of the ring would move, and changes nothing. */
@Injectable()
export class ShardPlanner {
  constructor(
    private readonly current: CurrentTopology,
    private readonly registry: ShardRegistry,
  ) {}

  /**
   * From the topology that this process has now, whose epoch is one less than the plan's.
   * @throws InvalidRingChangeError; ShardUnavailableError when rows are to be counted and a shard does not answer.
   */
  async plan(request: PlanRequest): Promise<RingPlan> {
    const { ring } = this.current;
    const count = () => countRowsBySlot(this.registry, ring);
    if (request.kind === 'rebalance') return ring.plan({ ...request, rowsBySlot: await count() });
    const { countRows, ...change } = request;
    return ring.plan(countRows ? { ...change, rowsBySlot: await count() } : change);
  }
}
