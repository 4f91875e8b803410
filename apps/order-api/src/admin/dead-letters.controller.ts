import { canonicalJson, PageCursors } from '@fourfold/kernel';
import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import {
  type BulkRedriveOutcome,
  type BulkRedrivePreview,
  type DeadLetter,
  DeadLetters,
  type DeadLetterSummary,
} from '@fourfold/queue';
import { type Page, pageOf } from '@shop/contracts';
import type { Caller } from '@fourfold/auth';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.js';
import { callerKey, CurrentCaller } from '../auth/caller.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import {
  type BulkRedriveBody,
  bulkRedriveSchema,
  type ListDeadLetters,
  listDeadLettersSchema,
} from './dead-letters.schemas.js';

type BulkRedriveAnswer = ({ dryRun: true } & BulkRedrivePreview) | ({ dryRun: false } & BulkRedriveOutcome);

@ApiTags('admin')
@Controller('v1/admin/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetters,
    private readonly cursors: PageCursors,
  ) {}

  @Get()
  @OperatorOnly()
  @Answers(200, 'deadLetters')
  async list(@ValidQuery(listDeadLettersSchema) query: ListDeadLetters): Promise<Page<DeadLetterSummary>> {
    const { limit, cursor, ...filter } = query;
    const list = `dead letters ${canonicalJson(filter)}`;
    return this.cursors.readPage(list, cursor, async (before) => {
      const rows = await this.letters.list({ ...filter, before, limit: limit + 1 });
      return pageOf(rows, limit, ({ id }) => id);
    });
  }

  @Get(':id')
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  get(@IdParam() id: string): Promise<DeadLetter> {
    return this.letters.get(id);
  }

  @Post('redrive')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'bulkRedrive')
  async redriveAll(
    @CurrentCaller() caller: Caller,
    @ValidBody(bulkRedriveSchema) body: BulkRedriveBody,
  ): Promise<BulkRedriveAnswer> {
    const { queue, reason, recordedBefore, dryRun, ratePerSecond, limit } = body;
    const filter = { queue, reason, recordedBefore: recordedBefore ? new Date(recordedBefore) : undefined };
    if (dryRun) return { dryRun, ...(await this.letters.previewRedrive(filter)) };
    const outcome = await this.letters.redriveAll({ ...filter, ratePerSecond, limit }, callerKey(caller));
    return { dryRun, ...outcome };
  }

  @Post(':id/redrive')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  redrive(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<DeadLetter> {
    return this.letters.redrive(id, callerKey(caller));
  }

  @Post(':id/discard')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  discard(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<DeadLetter> {
    return this.letters.discard(id, callerKey(caller));
  }
}
