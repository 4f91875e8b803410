import { canonicalJson, PageCursors } from '@fourfold/kernel';
import { runWithin } from '@fourfold/observability/request-context';
import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import {
  type BulkRedriveOutcome,
  type BulkRedrivePreview,
  type DeadLetter,
  DeadLetterNotFoundError,
  DeadLetterOperations,
  DeadLetterResolvedError,
  type DeadLetterSummary,
  DeadLetterUndeliverableError,
  DeadLetterUnderWayError,
} from '@fourfold/queue';
import { type Page, pageOf } from '@shop/contracts';
import type { Caller } from '@fourfold/auth';
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
import { Operation } from '../routes/operation.js';

type BulkRedriveAnswer = ({ dryRun: true } & BulkRedrivePreview) | ({ dryRun: false } & BulkRedriveOutcome);

@Controller('v1/admin/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetterOperations,
    private readonly cursors: PageCursors,
  ) {}

  @Get()
  @OperatorOnly()
  @Answers(200, 'deadLetters')
  @Operation('Dead letters, newest first')
  async list(
    @CurrentCaller() caller: Caller,
    @ValidQuery(listDeadLettersSchema) query: ListDeadLetters,
  ): Promise<Page<DeadLetterSummary>> {
    const { limit, cursor, ...filter } = query;
    const list = `dead letters of ${callerKey(caller)} ${canonicalJson(filter)}`;
    return this.cursors.readPage(list, cursor, async (before) => {
      const rows = await this.letters.list({ ...filter, before, limit: limit + 1 });
      return pageOf(rows, limit, ({ id }) => id);
    });
  }

  @Get(':id')
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  @Operation('A dead letter with its payload and history', DeadLetterNotFoundError)
  get(@IdParam() id: string): Promise<DeadLetter> {
    return this.letters.get(id);
  }

  @Post('redrive')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'bulkRedrive')
  @Operation('Delivers many dead letters again, or says which')
  async redriveAll(
    @CurrentCaller() caller: Caller,
    @ValidBody(bulkRedriveSchema) body: BulkRedriveBody,
  ): Promise<BulkRedriveAnswer> {
    const { queue, reason, recordedBefore, dryRun, ratePerSecond, limit } = body;
    const filter = { queue, reason, recordedBefore: recordedBefore ? new Date(recordedBefore) : undefined };
    if (dryRun) return { dryRun, ...(await this.letters.previewRedrive(filter)) };
    // Up to 10,000 letters, some at a time: what is done stays done, and is told of.
    const outcome = await runWithin(undefined, () =>
      this.letters.redriveAll({ ...filter, ratePerSecond, limit }, callerKey(caller)),
    );
    return { dryRun, ...outcome };
  }

  @Post(':id/redrive')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  @Operation(
    'Delivers a dead letter again',
    DeadLetterNotFoundError,
    DeadLetterResolvedError,
    DeadLetterUnderWayError,
    DeadLetterUndeliverableError,
  )
  redrive(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<DeadLetter> {
    return this.letters.redrive(id, callerKey(caller));
  }

  @Post(':id/discard')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'deadLetter')
  @Operation(
    'Discards a dead letter',
    DeadLetterNotFoundError,
    DeadLetterResolvedError,
    DeadLetterUnderWayError,
  )
  discard(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<DeadLetter> {
    return this.letters.discard(id, callerKey(caller));
  }
}
