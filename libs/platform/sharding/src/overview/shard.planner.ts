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
   * @throws InvalidRingChangeError; ShardUnavailableError when rows are to be counted and a shard does not answer.
   */
  async plan(request: PlanRequest): Promise<RingPlan> {
    const { ring } = this.current;
    if (request.kind === 'rebalance')
      return ring.plan({ ...request, rowsBySlot: await this.slotRows.count() });
    const { countRows, ...change } = request;
    return ring.plan(countRows ? { ...change, rowsBySlot: await this.slotRows.count() } : change);
  }
}
