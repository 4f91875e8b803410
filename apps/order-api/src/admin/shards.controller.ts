import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import {
  InvalidRingChangeError,
  type PlanReport,
  type PlanRequest,
  planRequestSchema,
  ShardOverview,
  ShardPlanner,
  type ShardsView,
  type SlotMove,
} from '@fourfold/sharding';
import { OperatorOnly } from '../auth/access.js';
import { ValidBody } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { RebalancePlan, type RebalancePlanView } from './rebalance.plan.js';
import { Operation } from '../routes/operation.js';

interface ShardPlanView {
  /** Of the topology that it starts from. */
  fromEpoch: number;
  moves: SlotMove[];
  report: PlanReport;
}

@Controller('v1/admin/shards')
export class ShardsController {
  constructor(
    private readonly overview: ShardOverview,
    private readonly planner: ShardPlanner,
    private readonly rebalance: RebalancePlan,
  ) {}

  /** As the process that answers has them: its topology, its breakers. */
  @Get()
  @OperatorOnly()
  @Answers(200, 'shards')
  @Operation('The shards, as the process that answers has them')
  async list(): Promise<ShardsView & { rebalancePlan: RebalancePlanView | null }> {
    const [view, rebalancePlan] = await Promise.all([this.overview.view(), this.rebalance.last()]);
    return { ...view, rebalancePlan };
  }

  /** A dry run: nothing is changed. */
  @Post('plan')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'shardPlan')
  @Operation('Plans a change of the ring, and changes nothing', InvalidRingChangeError)
  async plan(@ValidBody(planRequestSchema) request: PlanRequest): Promise<ShardPlanView> {
    const { moves, report, topology } = await this.planner.plan(request);
    return { fromEpoch: topology.epoch - 1, moves, report };
  }

  /** What Alertmanager asks for when the shards are uneven: it reads no answer, and sends no body that a plan could take. */
  @Post('plan/rebalance')
  @HttpCode(202)
  @OperatorOnly()
  @Answers(202, 'rebalance')
  @Operation('Has a plan made that evens the shards out')
  planRebalance(): { status: 'started' | 'running' } {
    return { status: this.rebalance.start() };
  }
}
