import type { Caller } from '@fourfold/auth';
import { canonicalJson, PageCursors } from '@fourfold/kernel';
import { Controller, Get } from '@nestjs/common';
import { type ListActions, listActionsSchema, OperatorActions, type RecordedAction } from '@shop/audit';
import type { Page } from '@shop/contracts';
import { OperatorOnly } from '../auth/access.js';
import { callerKey, CurrentCaller } from '../auth/caller.js';
import { ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';

@Controller('v1/admin/audit')
export class AuditController {
  constructor(
    private readonly actions: OperatorActions,
    private readonly cursors: PageCursors,
  ) {}

  @Get()
  @OperatorOnly()
  @Answers(200, 'audit')
  @Operation('What operators have done, newest first')
  list(
    @CurrentCaller() caller: Caller,
    @ValidQuery(listActionsSchema) query: ListActions,
  ): Promise<Page<RecordedAction>> {
    const { limit: _limit, cursor, ...filter } = query;
    const list = `audit of ${callerKey(caller)} ${canonicalJson(filter)}`;
    return this.cursors.readPage(list, cursor, (before) => this.actions.list(query, before));
  }
}
