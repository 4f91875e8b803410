import { Controller, Get, HttpCode, Logger, Post } from '@nestjs/common';
import type { Caller } from '@fourfold/auth';
import {
  type PauseOutcome,
  QueueNotFoundError,
  QueueNotScheduledError,
  QueueOperations,
  type QueueOverview,
  QueueUnavailableError,
  type RunNowOutcome,
  RunUnderWayError,
} from '@fourfold/queue';
import type { Page } from '@shop/contracts';
import { z } from 'zod';
import { OperatorOnly } from '../auth/access.js';
import { CurrentCaller } from '../auth/caller.js';
import { ValidParam } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { Operation } from '../routes/operation.js';

/** Whether there is such a queue is for the queues to say. */
const nameSchema = z.string().min(1).max(200);

@Controller('v1/admin/queues')
export class QueuesController {
  private readonly logger = new Logger(QueuesController.name);

  constructor(private readonly queues: QueueOperations) {}

  /** Of all processes: Redis knows. */
  @Get()
  @OperatorOnly()
  @Answers(200, 'queues')
  @Operation('The queues, as all processes share them', QueueUnavailableError)
  async list(): Promise<Page<QueueOverview>> {
    return { items: await this.queues.overview(), nextCursor: null };
  }

  @Post(':name/pause')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'queuePause')
  @Operation('Pauses a queue', QueueNotFoundError, QueueUnavailableError)
  async pause(
    @ValidParam('name', nameSchema) name: string,
    @CurrentCaller() { id }: Caller,
  ): Promise<PauseOutcome> {
    return this.logged(await this.queues.pause(name), id);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @OperatorOnly()
  @Answers(200, 'queuePause')
  @Operation('Resumes a queue', QueueNotFoundError, QueueUnavailableError)
  async resume(
    @ValidParam('name', nameSchema) name: string,
    @CurrentCaller() { id }: Caller,
  ): Promise<PauseOutcome> {
    return this.logged(await this.queues.resume(name), id);
  }

  @Post(':name/run-now')
  @HttpCode(202)
  @OperatorOnly()
  @Answers(202, 'runNow')
  @Operation(
    'Runs a scheduled queue now',
    QueueNotFoundError,
    QueueNotScheduledError,
    RunUnderWayError,
    QueueUnavailableError,
  )
  async runNow(
    @ValidParam('name', nameSchema) name: string,
    @CurrentCaller() { id }: Caller,
  ): Promise<RunNowOutcome> {
    const outcome = await this.queues.runNow(name);
    const { messageId } = outcome;
    this.logger.log({ queue: name, actor: id, messageId }, `A run of queue ${name} was asked for by ${id}`);
    return outcome;
  }

  private logged(outcome: PauseOutcome, actor: string): PauseOutcome {
    const { name: queue, paused, changed } = outcome;
    this.logger.log(
      { queue, actor, changed },
      `Queue ${queue} was ${paused ? 'paused' : 'resumed'} by ${actor}`,
    );
    return outcome;
  }
}
