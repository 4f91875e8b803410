import type { PlanRequest } from '../ring/planning/ring-change.js';
import type { RingPlan } from '../ring/planning/ring-plan.js';
import type { CurrentTopology } from '../topology/current-topology.js';
import type { SlotRows } from './slot.rows.js';

/** Shows what a change of the ring would move. Nothing is changed by it. */
export class ShardPlanner {
  constructor(
    private readonly current: CurrentTopology,
    private readonly slotRows: SlotRows,
  ) {}

  /**
   * From the topology that this process has now, whose epoch is one less than the plan's.
   * @throws InvalidRingChangeError; for a rebalance ShardUnavailableError when a shard can't be counted.
   */
  async plan(request: PlanRequest): Promise<RingPlan> {
    const { ring } = this.current;
    return ring.plan(
      request.kind === 'rebalance' ? { ...request, rowsBySlot: await this.slotRows.count() } : request,
    );
  }
}
