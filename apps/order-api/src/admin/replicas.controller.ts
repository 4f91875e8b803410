import { Controller, Get } from '@nestjs/common';
import { type NodeStatus, NodeStatuses } from '@fourfold/db-routing';
import type { Page } from '@shop/contracts';
import { OperatorOnly } from '../auth/access.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';

@Controller('v1/admin/replicas')
export class ReplicasController {
  constructor(private readonly nodes: NodeStatuses) {}

  /** As the process that answers sees them: another one has pools and probes of its own. */
  @Get()
  @OperatorOnly()
  @Answers(200, 'nodes')
  @Operation('The database nodes, as the process that answers sees them')
  list(): Page<NodeStatus> {
    return { items: this.nodes.all, nextCursor: null };
  }
}
